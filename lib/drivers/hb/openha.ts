/** hb.openha: OpenHA runs the service. */
import { heartbeatDriver } from './heartbeat.js';

export default heartbeatDriver('hb.openha', 'OpenHA');
