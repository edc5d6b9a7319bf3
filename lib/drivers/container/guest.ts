import { setTimeout as delay } from 'node:timers/promises';
import { defineKeywords, type Keyword, type Values } from '../../config/keyword.js';
import type {
  ActionContext,
  Inside,
  LabelFacts,
  ReadContext,
  ServiceFacts,
} from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';
import { agentKeywords, innerSvcmgr } from './agent.js';

/** Keywords of containers and machines with a system of their own (spec service 8.5). */
export function guestKeywords<S extends string, E extends string>(start: S, stop: E) {
  return defineKeywords({
    name: { kind: 'string', scopable: true, text: 'Its name. Default: that of the service.' },
    hostname: {
      kind: 'string',
      scopable: true,
      text: 'The host name that it answers to. Default: its name.',
    },
    guestos: { kind: 'lower', scopable: true, text: 'The system inside: `linux`, `windows`.' },
    ...agentKeywords,
    start_timeout: timeout(start, 'How long it may take until it works.'),
    stop_timeout: timeout(stop, 'How long it may take to end by itself, before it is forced.'),
  });
}

function timeout<D extends string>(
  defaultText: D,
  text: string,
): Keyword & { kind: 'duration'; default: D } {
  return { kind: 'duration', default: defaultText, scopable: true, text };
}

export type GuestKeywords = Values<ReturnType<typeof guestKeywords<string, string>>>;

/** What a driver knows of its guests. */
export interface Guest {
  /** Now, not from an earlier answer. Undefined: nobody can say. */
  isRunning(): Promise<boolean | undefined>;
  readonly start: readonly (readonly string[])[];
  readonly stop: readonly string[];
  readonly force: readonly string[];
  /** Put before a command to run it inside; undefined: nothing can be run there. */
  readonly inside: readonly string[] | undefined;
}

export function guestName(name: string | undefined, { path }: Pick<ServiceFacts, 'path'>): string {
  return name ?? path.name;
}

/** How commands reach the system of a guest. @param command what its host has for it */
export function insideGuest(
  kw: GuestKeywords,
  { service }: LabelFacts,
  command: readonly string[] | undefined,
): Inside | undefined {
  // No agent of ours runs there.
  if (kw.guestos === 'windows') return undefined;
  const name = guestName(kw.name, service);
  return {
    names: [...(kw.hostname === undefined ? [] : [kw.hostname]), name],
    command: kw.rcmd ?? command,
    svcmgr: innerSvcmgr(kw),
    startTimeoutMs: kw.start_timeout,
  };
}

/** How long a command of the host itself may take. */
const commandTimeoutMs = 120_000;

/** Starts a guest and waits until it works. */
export async function startGuest(
  kw: GuestKeywords,
  guest: Guest,
  context: ActionContext,
): Promise<void> {
  const name = guestName(kw.name, context.service);
  if (await guest.isRunning()) {
    context.log.info(`${name} is already up`);
    return;
  }
  for (const argv of guest.start) await context.change(argv, { timeoutMs: commandTimeoutMs });
  context.undo(() => stopGuest(kw, guest, context));
  if (context.dryRun) return;
  const until = context.clock.monotonic() + kw.start_timeout;
  const runs = async () => (await guest.isRunning()) === true;
  await waitFor(runs, until, startPauseMs, context, () => notUp(name, 'does not run', kw));
  const { inside } = guest;
  if (!inside) return;
  const works = async () => (await context.probe([...inside, 'pwd'])).exitCode === 0;
  await waitFor(works, until, startPauseMs, context, () => notUp(name, 'runs no command', kw));
}

/** Stops a guest: politely, then by force. */
export async function stopGuest(
  kw: GuestKeywords,
  guest: Guest,
  context: ActionContext,
): Promise<void> {
  const name = guestName(kw.name, context.service);
  if ((await guest.isRunning()) === false) {
    context.log.info(`${name} is already down`);
    return;
  }
  const timeoutMs = kw.stop_timeout + commandTimeoutMs;
  try {
    await context.change(guest.stop, { timeoutMs });
  } catch (error) {
    // One that does not listen is forced.
    if (!(error instanceof AgentError) || context.signal.aborted) throw error;
  }
  if (context.dryRun) return;
  const isDown = async () => (await guest.isRunning()) === false;
  const until = () => context.clock.monotonic() + kw.stop_timeout;
  if (await comesTrue(isDown, until(), stopPauseMs, context)) return;
  await context.change(guest.force, { timeoutMs: commandTimeoutMs });
  await waitFor(isDown, until(), stopPauseMs, context, () => {
    return new AgentError('E_STILL_RUNNING', `${name} runs after its stop`, {
      remedy: 'look at its console, and at the log of its host',
    });
  });
}

const startPauseMs = 2000;
const stopPauseMs = 1000;

function notUp(name: string, what: string, { start_timeout: ms }: GuestKeywords): AgentError {
  return new AgentError('E_NOT_UP', `${name} ${what} ${ms / 1000}s after its start`, {
    exit: 'timeout',
    remedy: 'look at its console, or raise `start_timeout`',
  });
}

async function waitFor(
  test: () => Promise<boolean>,
  until: number,
  pauseMs: number,
  context: ActionContext,
  failure: () => AgentError,
): Promise<void> {
  if (!(await comesTrue(test, until, pauseMs, context))) throw failure();
}

async function comesTrue(
  test: () => Promise<boolean>,
  until: number,
  pauseMs: number,
  { clock, signal }: ActionContext,
): Promise<boolean> {
  for (;;) {
    if (await test()) return true;
    const leftMs = until - clock.monotonic();
    if (leftMs <= 0) return false;
    await delay(Math.min(pauseMs, leftMs), undefined, { signal });
  }
}

/** Whether a file exists, asked outside of this process: it may lie on a mount that does not answer. */
export async function firstFile(
  { probe }: ReadContext,
  files: readonly string[],
): Promise<string | undefined> {
  const { stdout } = await probe(
    ['sh', '-c', 'for f; do if [ -e "$f" ]; then echo "$f"; break; fi; done', 'sh', ...files],
    { timeoutMs: 5000, graceMs: 0 },
  );
  return stdout.trim() || undefined;
}
