/** start, stop and the other actions on resources: one command for each operation. */
import { AgentError } from '../../errors/agent-error.js';
import { readNodeSettings } from '../../node/settings.js';
import { type OperationName, operations } from '../../service/operations.js';
import { openService } from '../../service/service.js';
import { parseDuration } from '../../units/duration.js';
import type { App } from '../app.js';
import {
  type Args,
  type Command,
  defineCommand,
  dryRunOption,
  type OptionTable,
} from '../command.js';
import { serviceContext } from '../service-context.js';
import { eachService } from './each-service.js';
import { levelOptions, levelsIn } from './level-options.js';
import { selected, selectorOption } from './selection.js';
import { surroundingsOf } from './service-console.js';

export const resourceOptions = {
  rid: {
    type: 'string',
    value: 'RID,...',
    describe: 'only these resources: rids, groups (fs) or driver types (disk.vg)',
  },
  tags: { type: 'string', value: 'T1+T2,...', describe: 'only resources with these tags' },
  subsets: { type: 'string', value: 'NAME,...', describe: 'only resources of these subsets' },
} as const satisfies OptionTable;

export const actionOptions = {
  ...selectorOption,
  ...resourceOptions,
  upto: { type: 'string', value: 'RID', describe: 'end after this resource or group' },
  downto: { type: 'string', value: 'RID', describe: 'the same, for stop' },
  force: {
    type: 'boolean',
    alias: 'f',
    default: false,
    describe: 'also frozen services, also standby resources on stop',
  },
  ...dryRunOption('show what would be done, change nothing'),
  waitlock: {
    type: 'string',
    value: 'DURATION',
    describe: 'how long to wait for another action; 0: one try',
  },
  parallel: {
    type: 'boolean',
    alias: 'p',
    default: false,
    describe: 'act on the selected services at the same time',
  },
  time: { type: 'string', value: 'DURATION', describe: 'end the action after this time' },
  local: { type: 'boolean', default: false, describe: 'this node only, as always' },
  master: { type: 'boolean', default: false, describe: 'the node alone, as always' },
  wait: { type: 'boolean', default: false, describe: 'wait for the end, as always' },
  watch: {
    type: 'boolean',
    alias: 'w',
    default: false,
    describe: 'on a terminal: the services at a glance, every second until the end',
  },
  cluster: {
    type: 'boolean',
    default: false,
    describe: 'the cluster manager of the service (hb) asks',
  },
  cron: { type: 'boolean', default: false, describe: 'quiet when there is nothing to do' },
  'disable-rollback': {
    type: 'boolean',
    default: false,
    describe: 'leave what was started when something fails',
  },
  'ignore-affinity': {
    type: 'boolean',
    default: false,
    describe: 'start also where hard_affinity or hard_anti_affinity forbid it; as --force',
  },
  env: { type: 'list', value: 'K=V', describe: 'variables for programs of the service' },
} as const satisfies OptionTable;

const options = { ...actionOptions, ...levelOptions } as const;

export type ActionArgs = Args<typeof options>;

/** The command of one operation. */
export function actionCommand(name: OperationName): Command<typeof options> {
  return defineCommand({
    options,
    examples: [
      [`$0 -s web ${name}`, `${name} one service`],
      [`$0 -s web ${name} --dry-run`, 'what it would do'],
    ],
    run: (app, args) => act(app, name, args),
  });
}

async function act(app: App, name: OperationName, args: ActionArgs): Promise<number> {
  const services = await selected(app, args);
  const store = await app.store();
  const settings = readNodeSettings(app.paths);
  const isWatched = args.watch && app.edge.stdout.isTty && !args['dry-run'];
  const around = await surroundingsOf(app, args, { quiet: isWatched });
  const waitLockMs = durationOf('--waitlock', args.waitlock);
  const work = (signal: AbortSignal): Promise<number> =>
    eachService(
      app,
      services,
      async ({ file }) => {
        const service = await openService(file, serviceContext(app), {
          provisioning: name === 'provision',
        });
        await operations[name](service, around, store, {
          rid: args.rid,
          tags: args.tags,
          subsets: args.subsets,
          ...levelsIn(args),
          dryRun: args['dry-run'],
          force: args.force,
          cluster: args.cluster,
          cron: args.cron,
          disableRollback: args['disable-rollback'],
          ignoreAffinity: args['ignore-affinity'] || args.force,
          last: args.upto ?? args.downto,
          signal,
          waitLockMs: args.cron ? 0 : waitLockMs,
          nodeEnv: settings.get('node', 'env'),
          env: variables(args.env ?? []),
        });
        return 0;
      },
      { parallel: args.parallel },
    );
  const whole = async (signal: AbortSignal): Promise<number> => {
    if (!isWatched) return work(signal);
    const { watching } = await import('./watching.js');
    const code = await watching(app, services, args, () => work(signal));
    if (code !== 0) app.note('svcmgr: it did not go well: see `svcmgr -s NAME logs`');
    return code;
  };
  return interruptible(app, args, whole, { outlivesTerminal: takesDown.test(name) });
}

/**
 * A terminal that goes away must not leave these half done: what is unmounted may be the directory of
 * the shell that they were typed in, which dies of it.
 */
const takesDown = /^(stop|shutdown|unprovision)/;

/** Work of an action, which a signal to us ends, and `--time`. */
export async function interruptible(
  app: App,
  { time }: { readonly time: string | undefined },
  work: (signal: AbortSignal) => Promise<number>,
  options: { outlivesTerminal?: boolean } = {},
): Promise<number> {
  app.edge.leaveDirectory();
  const timeMs = durationOf('--time', time);
  const interrupt = app.edge.interruption(options);
  const { signal } = interrupt;
  try {
    return await work(
      timeMs === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(timeMs)]),
    );
  } finally {
    interrupt.stop();
  }
}

/** @throws AgentError for a text that is no duration */
export function durationOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  // A negative wait is the usual one.
  if (/^-\d+$/.test(text)) return undefined;
  throw new AgentError('E_USAGE', `${option}: "${text}" is no duration`, {
    exit: 'usage',
    remedy: 'write 30, 30s, 5m or 1h',
  });
}

function variables(words: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    words.map((word) => {
      const equal = word.indexOf('=');
      if (equal > 0) return [word.slice(0, equal), word.slice(equal + 1)];
      throw new AgentError('E_USAGE', `--env: "${word}" is not NAME=VALUE`, { exit: 'usage' });
    }),
  );
}
