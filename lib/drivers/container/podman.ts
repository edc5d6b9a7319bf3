/** container.podman: a container of podman. */
import { engineDriver } from './engine.js';

export default engineDriver('podman');
