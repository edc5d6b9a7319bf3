/** svcmgr freeze, thaw, frozen: keep actions and the scheduler away from instances, or let them in again. */

import { objectVarDirectory } from '../../config/object-path.js';
import { recorded } from '../../service/action-record.js';
import { freeze, isFrozen, thaw } from '../../service/frozen.js';
import { readServiceFile } from '../../service/service-file.js';
import { type Command, defineCommand, dryRunOption } from '../command.js';
import { selected, selectorOption } from './selection.js';
import { surroundingsOf } from './service-console.js';

export const frozenOptions = {
  ...selectorOption,
  ...dryRunOption('show what would be done, change nothing'),
} as const;

const works = { freeze, thaw } as const;

export function freezeCommand(name: keyof typeof works): Command<typeof frozenOptions> {
  const done = name === 'freeze' ? 'frozen' : 'thawed';
  return defineCommand({
    options: frozenOptions,
    examples: [[`$0 -s web ${name}`, `the instance on this node is ${done}`]],
    async run(app, args) {
      const around = await surroundingsOf(app, args);
      for (const { file, path, scope } of await selected(app, args)) {
        readServiceFile(file, app);
        const place = { directory: objectVarDirectory(app.paths, path) };
        if (args['dry-run']) {
          app.note(`${app.nodename}.${scope} ${name}`);
          continue;
        }
        const service = { path, scope, secrets: [] };
        await recorded(service, name, around, {}, async () => {
          if (works[name](place)) app.note(`${app.nodename}.${scope} ${done}`);
        });
      }
      return 0;
    },
  });
}

export const frozenCommand: Command<typeof selectorOption> = defineCommand({
  options: selectorOption,
  examples: [['$0 -s web frozen', 'exit 1 when it is frozen, 0 when it is not']],
  async run(app, args) {
    const services = await selected(app, args);
    const frozen = services.some(({ path }) =>
      isFrozen({ directory: objectVarDirectory(app.paths, path) }),
    );
    return frozen ? 1 : 0;
  },
});
