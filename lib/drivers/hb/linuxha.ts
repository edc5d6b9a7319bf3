/** hb.linuxha: Linux-HA runs the service. */
import { heartbeatDriver } from './heartbeat.js';

export default heartbeatDriver('hb.linuxha', 'Linux-HA');
