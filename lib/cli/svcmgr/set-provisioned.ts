/** svcmgr set_provisioned, set_unprovisioned: what is known, not what is. */
import { recorded } from '../../service/action-record.js';
import { filterResources } from '../../service/filter.js';
import { recordProvisioned } from '../../service/provisioned.js';
import { openService } from '../../service/service.js';
import { type Command, defineCommand } from '../command.js';
import { serviceContext } from '../service-context.js';
import { resourceOptions } from './action.js';
import { eachService } from './each-service.js';
import { selected, selectorOption } from './selection.js';
import { surroundingsOf } from './service-console.js';

const options = { ...selectorOption, ...resourceOptions } as const;

export function setProvisioned(state: boolean): Command<typeof options> {
  const words = state ? 'set_provisioned' : 'set_unprovisioned';
  return defineCommand({
    options,
    examples: [[`$0 -s web ${words} --rid disk#1`, 'only the mark; nothing is made or destroyed']],
    async run(app, args) {
      const around = await surroundingsOf(app, args);
      return eachService(app, await selected(app, args), async ({ file, scope }) => {
        const service = await openService(file, serviceContext(app));
        await recorded(service, words, around, args, async () => {
          for (const { rid, driver, inside } of filterResources(service.resources, args, scope)) {
            if (driver?.provision && !inside) recordProvisioned(service, rid, state);
          }
        });
        return 0;
      });
    },
  });
}
