/** svcmgr freeze, thaw, frozen: keep actions and the scheduler away from instances, or let them in again. */

import { objectVarDirectory } from '../../config/object-path.js';
import { recorded } from '../../service/action-record.js';
import type { Surroundings } from '../../service/context.js';
import { freeze, isFrozen, thaw } from '../../service/frozen.js';
import { hasInside } from '../../service/inner-instances.js';
import { namesLevels } from '../../service/level-filter.js';
import { readServiceFile } from '../../service/service-file.js';
import type { App } from '../app.js';
import { type Args, type Command, defineCommand, dryRunOption } from '../command.js';
import { serviceContext } from '../service-context.js';
import { eachService } from './each-service.js';
import { levelOptions, levelsIn } from './level-options.js';
import { selected, selectorOption } from './selection.js';
import { surroundingsOf } from './service-console.js';

const frozenOptions = {
  ...selectorOption,
  ...levelOptions,
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
      return eachService(app, await selected(app, args), async ({ file, path, scope }) => {
        const place = { directory: objectVarDirectory(app.paths, path) };
        const inside = await insideOf(app, file, args, around);
        if (inside?.here ?? true) {
          if (args['dry-run']) app.note(`${app.nodename}.${scope} ${name}`);
          else {
            await recorded({ path, scope, secrets: [] }, name, around, {}, async () => {
              if (works[name](place)) app.note(`${app.nodename}.${scope} ${done}`);
            });
          }
        }
        await inside?.tell(name);
        return 0;
      });
    },
  });
}

/** Services without containers that are encap nodes have nothing inside: they are not opened. */
async function insideOf(
  app: App,
  file: string,
  args: Args<typeof frozenOptions>,
  around: Surroundings,
): Promise<{ here: boolean; tell(word: string): Promise<void> } | undefined> {
  const options = { ...levelsIn(args), dryRun: args['dry-run'] };
  const { evaluator } = readServiceFile(file, serviceContext(app));
  if (evaluator.sets.encapnodes.length === 0 && !namesLevels(options)) return undefined;
  const [{ actsHere, tellInside }, { openService }] = await Promise.all([
    import('../../service/encap/tell.js'),
    import('../../service/service.js'),
  ]);
  const service = await openService(file, serviceContext(app));
  return {
    here: actsHere(service, options, around),
    tell: async (word) => {
      if (hasInside(service)) await tellInside(service, [word], around, options);
    },
  };
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
