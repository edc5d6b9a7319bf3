/** container.docker: a container of docker. */
import { engineDriver } from './engine.js';

export default engineDriver('docker');
