/** app.ocf: a resource agent of the Open Cluster Framework, one of those that Pacemaker runs. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { nearest } from '../../config/finding.js';
import { defineKeywords, type Keyword, type Values } from '../../config/keyword.js';
import { fullObjectPath } from '../../config/object-path.js';
import {
  type ActionContext,
  defineDriver,
  type Note,
  type ReadContext,
  type StatusReport,
} from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';
import { CommandError, type RunResult } from '../../exec/run.js';
import { ownAccount } from '../../host/account-ids.js';
import {
  exitReason,
  levelOfLine,
  ocfCodes,
  ocfEnvironment,
  parseOcfAgent,
} from '../../host/ocf.js';
import type { OcfParameter } from '../../host/ocf-metadata.js';
import type { DriverStatus } from '../../status/values.js';
import { factsOf } from '../storage-questions.js';
import { notNow } from './check.js';
import { exclusively, execute } from './execute.js';
import { processGroupVerbs } from './process-group.js';
import type { Program } from './program.js';

const keywords = defineKeywords({
  agent: {
    kind: 'string',
    required: true,
    scopable: true,
    text: 'The agent: `heartbeat:Dummy`, or `ocf:heartbeat:Dummy`.',
  },
  ocf_params: {
    kind: 'shlex',
    scopable: true,
    text: 'Its parameters, words NAME=VALUE: `ip=10.0.0.1 cidr_netmask=24`.',
  },
  ocf_secrets: {
    kind: 'shlex',
    scopable: true,
    secret: true,
    text: 'More parameters, which are never shown.',
  },
  ocf_root: {
    kind: 'path',
    default: '/usr/lib/ocf',
    scopable: true,
    text: 'Where agents are: `<ocf_root>/resource.d/<provider>/<type>`.',
  },
  start: sequence('started'),
  stop: sequence('stopped'),
  timeout: duration('How long any of its actions may take, when the action has no own limit.'),
  start_timeout: duration('How long a start may take.'),
  stop_timeout: duration('How long a stop may take.'),
  check_timeout: duration('How long a check (`monitor`) may take. Default: `timeout`, else 30s.'),
});

type Keywords = Values<typeof keywords>;
type Action = 'start' | 'stop' | 'monitor' | 'meta-data';

export default defineDriver<Keywords>({
  id: 'app.ocf',
  describe: 'A resource agent of the Open Cluster Framework.',
  keywords,
  label: ({ agent }) => (agent.startsWith('ocf:') ? agent : `ocf:${agent}`),
  sortKey: (kw, action) => (/^(stop|shutdown|unprovision)$/.test(action) ? kw.stop : kw.start),

  async status(kw, context) {
    return (await notNow(context)) ?? monitor(kw, context);
  },

  async start(kw, context) {
    if ((await monitor(kw, context)).status === 'up') {
      context.log.info(`${kw.agent} is already started`);
      return;
    }
    await checkParameters(kw, context);
    await exclusively(context, 'start', async () => {
      await act(kw, 'start', context);
      context.undo(() => stop(kw, context));
      if (context.dryRun) return;
      // The agent promises to come back only once it runs.
      const { status, notes = [] } = await monitor(kw, context);
      if (status === 'up') return;
      const why = notes[0] ? `: ${notes[0].text}` : '';
      throw new AgentError('E_NOT_UP', `${kw.agent} is ${status} after its start${why}`, {
        remedy: 'look at what the agent logged, and at its parameters',
      });
    });
  },

  stop,
  processGroup: processGroupVerbs,
});

async function stop(kw: Keywords, context: ActionContext): Promise<void> {
  const { status } = await monitor(kw, context);
  // Without its agent or the program that it drives, nothing of it runs.
  if (status === 'down' || status === 'n/a') {
    context.log.info(`${kw.agent} is already stopped`);
    return;
  }
  await exclusively(context, 'stop', () => act(kw, 'stop', context));
}

/** How long a question may take that nobody gave a limit. */
const questionTimeoutMs = 30_000;

function programOf(kw: Keywords, action: Action, context: ReadContext): Program {
  const { paths, service, rid } = context;
  const agent = parseOcfAgent(kw.agent, kw.ocf_root);
  const limits: Readonly<Partial<Record<Action, number | undefined>>> = {
    start: kw.start_timeout,
    stop: kw.stop_timeout,
    monitor: kw.check_timeout,
  };
  const own = limits[action];
  const timeoutMs = own ?? kw.timeout ?? (action === 'monitor' ? questionTimeoutMs : 0);
  const parameters = parametersOf([...(kw.ocf_params ?? []), ...(kw.ocf_secrets ?? [])]);
  const instance = `${fullObjectPath(service.path)}.${rid}`.replace(/[^\w.-]/g, '.');
  return {
    argv: [agent.path, action],
    text: `${agent.path} ${action}`,
    user: ownAccount().name,
    script: undefined,
    file: undefined,
    options: {
      timeoutMs,
      ...(timeoutMs > 0 && { graceMs: Math.min(timeoutMs, 10_000) }),
      env: {
        ...context.environment,
        LANG: 'C',
        ...ocfEnvironment(agent, {
          root: kw.ocf_root,
          instance,
          scratch: scratchOf(paths),
          timeoutMs,
          parameters,
        }),
      },
      ...((action === 'start' || action === 'stop') && context.processGroup()),
    },
  };
}

const metadataTimeoutMs = 5000;
/** Parameters that belong to the caller, or to every agent of the distribution. */
const commonParameter = /^(CRM_meta_.*|trace_ra|trace_file|OCF_CHECK_LEVEL)$/;

/**
 * Compares the parameters with those that the agent says it has. An agent that says nothing usable is
 * believed to know what it does.
 *
 * @throws AgentError `E_CONFIG` when one is missing that it cannot do without
 */
async function checkParameters(kw: Keywords, context: ActionContext): Promise<void> {
  const given = parametersOf([...(kw.ocf_params ?? []), ...(kw.ocf_secrets ?? [])]);
  const known = await knownParameters(kw, context);
  if (!known) return;
  const missing = known.find(({ name, required }) => required && given[name] === undefined);
  if (missing) {
    throw new AgentError('E_CONFIG', `${kw.agent}: its parameter ${missing.name} is missing`, {
      exit: 'config',
      remedy: `add it: ocf_params = ${missing.name}=…`,
    });
  }
  const types = new Map(known.map(({ name, type }) => [name, type]));
  for (const [name, value] of Object.entries(given)) {
    if (commonParameter.test(name)) continue;
    const type = types.get(name);
    if (type === undefined) {
      const near = nearest(name, types.keys());
      const hint = near === undefined ? '' : `; did you mean ${near}?`;
      context.log.warn(`${kw.agent} has no parameter ${name}${hint}`);
    } else if (type === 'integer' && !/^[+-]?\d+$/.test(value)) {
      context.log.warn(`${kw.agent}: its parameter ${name} is an integer`);
    }
  }
}

/** Undefined when the agent has no usable meta-data. */
async function knownParameters(
  kw: Keywords,
  context: ActionContext,
): Promise<OcfParameter[] | undefined> {
  const { argv, options } = programOf(kw, 'meta-data', context);
  const { parseOcfParameters } = await import('../../host/ocf-metadata.js');
  try {
    const { stdout, exitCode } = await context.probe(argv, {
      ...options,
      timeoutMs: metadataTimeoutMs,
    });
    if (exitCode === 0) return parseOcfParameters(stdout);
    context.log.debug('no meta-data', { agent: kw.agent, exit: exitCode });
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    context.log.debug('no meta-data', { agent: kw.agent, why: error.message });
  }
  return undefined;
}

/** Not the directory of Pacemaker: the same names there are somebody else's. */
function scratchOf(paths: ReadContext['paths']): string {
  return join(paths.run, 'ocf');
}

/** @throws AgentError `E_VALUE` */
function parametersOf(words: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    words.map((word) => {
      const [, name, value] = /^([A-Za-z_][\w-]*)=(.*)$/s.exec(word) ?? [];
      if (name === undefined || value === undefined) {
        throw new AgentError('E_VALUE', 'ocf_params: a word is not NAME=VALUE', {
          exit: 'config',
          remedy: 'write for example ip=10.0.0.1 cidr_netmask=24, with quotes around blanks',
        });
      }
      return [name, value];
    }),
  );
}

/** Runs an action that changes the host; its own words go to the log with their own levels. */
async function act(kw: Keywords, action: 'start' | 'stop', context: ActionContext): Promise<void> {
  const program = programOf(kw, action, context);
  if (!context.dryRun) mkdirSync(scratchOf(context.paths), { recursive: true, mode: 0o755 });
  try {
    await execute(action, program, context, {
      onLine: (stream, line) =>
        context.log[stream === 'stdout' ? 'info' : levelOfLine(line)](`| ${line}`),
    });
  } catch (error) {
    if (!(error instanceof CommandError) || error.result.exitCode === null) throw error;
    throw new AgentError('E_OCF', `${kw.agent} ${action}: ${explain(error.result)}`, {
      exit: [2, 6].includes(error.result.exitCode) ? 'config' : 'failed',
      cause: error,
    });
  }
}

function explain({ exitCode, stderr }: RunResult): string {
  const meaning = ocfCodes[exitCode ?? -1] ?? 'unknown';
  const reason = exitReason(stderr);
  return `${meaning} (${exitCode})${reason === undefined ? '' : `: ${reason}`}`;
}

/** What a monitor means; others are `warn`. */
const statusOfCode: Readonly<Record<number, { status: DriverStatus; level?: Note['level'] }>> = {
  0: { status: 'up' },
  2: { status: 'undef', level: 'error' },
  3: { status: 'undef', level: 'error' },
  5: { status: 'n/a', level: 'warn' },
  6: { status: 'undef', level: 'error' },
  7: { status: 'down' },
  8: { status: 'up', level: 'info' },
  190: { status: 'up', level: 'warn' },
  191: { status: 'up', level: 'warn' },
};

async function monitor(kw: Keywords, context: ReadContext): Promise<StatusReport> {
  const { argv, options } = programOf(kw, 'monitor', context);
  const [path = ''] = argv;
  if (!(await factsOf(context, path))) {
    return { status: 'n/a', notes: [{ level: 'warn', text: `${path} is not installed` }] };
  }
  const result = await context.probe(argv, options);
  if (result.timedOut) {
    const text = `monitor took longer than ${(options.timeoutMs ?? 0) / 1000}s and was ended`;
    return { status: 'warn', notes: [{ level: 'warn', text }] };
  }
  if (result.exitCode === null) {
    const text = `monitor was ended by ${result.signal}`;
    return { status: 'warn', notes: [{ level: 'warn', text }] };
  }
  const { status, level } = statusOfCode[result.exitCode] ?? { status: 'warn', level: 'warn' };
  return { status, notes: level ? [{ level, text: explain(result) }] : [] };
}

function sequence(what: string): Keyword & { kind: 'integer' } {
  return {
    kind: 'integer',
    scopable: true,
    text: `Its place among the apps of its set when they are ${what}.`,
  };
}

function duration(text: string): Keyword & { kind: 'duration' } {
  return { kind: 'duration', scopable: true, text };
}
