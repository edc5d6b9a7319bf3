/** task.podman: a command in a container of podman of its own, run on schedule or by hand. */
import { engineTaskDriver } from './engine.js';

export default engineTaskDriver('podman');
