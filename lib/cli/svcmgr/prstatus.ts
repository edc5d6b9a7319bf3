/** svcmgr prstatus: who holds the disks. */
import { reservationDriver } from '../../service/reservation.js';
import { defineCommand } from '../command.js';
import { instancesOf } from './instances.js';
import { selected, selectorOption } from './selection.js';

export default defineCommand({
  options: selectorOption,
  examples: [['$0 -s web prstatus', 'a line for each reservation: disk#1pr up']],
  async run(app, args) {
    const services = await selected(app, args);
    const instances = await instancesOf(app, services, args, { refresh: true });
    for (const { scope, resources } of instances) {
      const head = instances.length > 1 ? `${scope} ` : '';
      for (const { rid, type, status } of resources) {
        if (type === reservationDriver) app.print(`${head}${rid} ${status}\n`);
      }
    }
    return instances.length < services.length ? 1 : 0;
  },
});
