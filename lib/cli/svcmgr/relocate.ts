/** svcmgr switch, migrate, takeover, giveback: move instances between the nodes of a service, over ssh. */
import { AgentError } from '../../errors/agent-error.js';
import { recorded } from '../../service/action-record.js';
import { giveBack, type Relocation, switchTo, takeOver } from '../../service/relocate.js';
import { openService } from '../../service/service.js';
import { type Args, type Command, defineCommand } from '../command.js';
import { serviceContext } from '../service-context.js';
import { actionOptions, durationOf, interruptible } from './action.js';
import { eachService } from './each-service.js';
import { selected } from './selection.js';
import { surroundingsOf } from './service-console.js';

const options = {
  ...actionOptions,
  node: { type: 'string', value: 'NODE', describe: 'where the instance goes (switch, migrate)' },
  to: { type: 'string', value: 'NODE', describe: 'the same as --node' },
} as const;

type RelocateArgs = Args<typeof options>;

const works = {
  switch: (relocation: Relocation, args: RelocateArgs) =>
    switchTo(relocation, destinationOf('switch', relocation, args)),
  migrate: async (relocation: Relocation, args: RelocateArgs) => {
    const node = destinationOf('migrate', relocation, args);
    const { migrateTo } = await import('../../service/migrate.js');
    return migrateTo(relocation, node);
  },
  takeover: takeOver,
  giveback: giveBack,
} as const;

/** @throws AgentError when nobody said where to */
function destinationOf(
  name: string,
  { service, around }: Relocation,
  { node, to }: RelocateArgs,
): string {
  const wanted = node ?? to;
  if (wanted !== undefined) return wanted.toLowerCase();
  const other = service.nodes.find((one) => one !== around.nodename);
  throw new AgentError('E_USAGE', `${name} needs to know where to`, {
    exit: 'usage',
    remedy: `write --node ${other ?? 'NODE'}`,
  });
}

const examples: Readonly<Record<keyof typeof works, readonly [string, string]>> = {
  switch: ['$0 -s web switch --node n2', 'stop it here, start it on n2'],
  migrate: ['$0 -s web migrate --node n2', 'move its virtual machines while they run'],
  takeover: ['$0 -s web takeover', 'stop it elsewhere, start it here'],
  giveback: ['$0 -s web giveback', 'bring it back to the first of its nodes'],
};

export function relocateCommand(name: keyof typeof works): Command<typeof options> {
  return defineCommand({
    options,
    examples: [examples[name]],
    async run(app, args) {
      const services = await selected(app, args);
      const store = await app.store();
      const around = await surroundingsOf(app, args);
      const waitLockMs = durationOf('--waitlock', args.waitlock);
      const work = (signal: AbortSignal): Promise<number> =>
        eachService(app, services, async ({ file }) => {
          const service = await openService(file, serviceContext(app));
          const relocation: Relocation = {
            service,
            around,
            store,
            peers: around.peers,
            options: {
              dryRun: args['dry-run'],
              force: args.force,
              ignoreAffinity: args['ignore-affinity'] || args.force,
              signal,
              waitLockMs,
            },
          };
          const node = args.node ?? args.to;
          await recorded(service, name, around, { ...relocation.options, node }, () =>
            works[name](relocation, args),
          );
          return 0;
        });
      return interruptible(app, args, work, { outlivesTerminal: name === 'switch' });
    },
  });
}
