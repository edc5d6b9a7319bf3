/** task.docker: a command in a container of docker of its own, run on schedule or by hand. */
import { engineTaskDriver } from './engine.js';

export default engineTaskDriver('docker');
