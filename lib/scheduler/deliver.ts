import { errorText } from '../errors/agent-error.js';
import { type Message, outboxTable } from '../store/outbox.js';
import { argvOfCommand } from '../task/command-text.js';
import { type HookEvent, hookKinds } from './hooks.js';
import type { RunServices } from './run-services.js';

/** A sender that dies keeps its message from others for so long. */
export const deliveryLeaseMs = 120_000;
const requestTimeoutMs = 10_000;
const hookTimeoutMs = 60_000;
const firstRetryMs = 30_000;
const longestRetryMs = 3_600_000;

/** Thrown by a sender when the message should be tried again later. */
class Undelivered extends Error {
  /** Origin of the server that is out of reach, undefined when it is this message alone. */
  readonly server: string | undefined;

  constructor(message: string, server?: string) {
    super(message);
    this.server = server;
  }
}

/**
 * Sends what waits in the outbox and is due. Messages that cannot be sent stay, with a growing pause
 * between tries. A server that does not answer is asked once: all that is meant for it waits.
 */
export async function deliverMessages(services: RunServices): Promise<void> {
  const { store, clock, log } = services;
  const outbox = outboxTable(store);

  for (;;) {
    const now = clock.now();
    const message = store.immediate(() => outbox.lease(now, now + deliveryLeaseMs));
    if (!message) return;
    const event = JSON.parse(message.payload) as HookEvent;
    try {
      if (message.kind === hookKinds.ping) await ping(event);
      else await runHook(services, event);
      store.immediate(() => outbox.sent(message, clock.now()));
    } catch (error) {
      if (!(error instanceof Undelivered)) throw error;
      const { message: why, server } = error;
      log.warn('message not delivered', { hook: event.hook, tries: message.tries + 1, why });
      const at = clock.now() + pauseMs(message);
      store.immediate(() => {
        outbox.retry(message, at, why);
        if (server !== undefined) outbox.postpone(message.kind, server, at);
      });
    }
  }
}

/** Doubles with each try, up to an hour; shifted by the id so that not all come back at once. */
function pauseMs({ tries, id }: Message): number {
  const pause = Math.min(firstRetryMs * 2 ** Math.min(tries, 10), longestRetryMs);
  return Math.round(pause * (1 + (id % 10) / 50));
}

/** Tells a dead-man switch: `<url>/start` when a run begins, `<url>/<exit code>` when it ended. */
async function ping(event: HookEvent): Promise<void> {
  if (!/^https?:/i.test(event.target) || !URL.canParse(event.target)) {
    throw new Undelivered('ping_url is not an HTTP(S) address');
  }
  const url = new URL(event.target);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/${pingWord(event)}`;
  if (event.token) url.searchParams.set('rid', event.token);
  try {
    const response = await fetch(url, {
      method: 'POST',
      body: event.output,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      signal: AbortSignal.timeout(requestTimeoutMs),
    });
    await response.body?.cancel(); // whatever it says
    if (!response.ok) {
      // A fault of the server concerns all, a refusal this message.
      const server = response.status >= 500 || response.status === 429 ? url.origin : undefined;
      throw new Undelivered(`${url.origin} answered ${response.status}`, server);
    }
  } catch (error) {
    if (error instanceof Undelivered) throw error;
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new Undelivered(`${url.origin} does not answer: ${errorText(cause)}`, url.origin);
  }
}

function pingWord({ state, exitCode }: HookEvent): string {
  if (state === 'running') return 'start';
  if (state === 'timeout') return '124';
  return exitCode === null ? 'fail' : String(exitCode);
}

/** Runs a hook command. Whatever it answers, it has been told: it is not run twice. */
async function runHook({ run, log }: RunServices, event: HookEvent): Promise<void> {
  const { target, hook, task } = event;
  const options = { env: hookEnvironment(event), timeoutMs: hookTimeoutMs, changes: true } as const;
  try {
    const result = await run(argvOfCommand(target), options);
    if (result.exitCode !== 0) {
      log.warn('hook failed', { hook, scope: task.scope, exit: result.exitCode ?? result.signal });
    }
  } catch (error) {
    log.error('hook could not be run', {
      hook,
      scope: task.scope,
      why: errorText(error),
    });
  }
}

function hookEnvironment(event: HookEvent): Record<string, string> {
  const { task, runId, state, reason, exitCode, slotBegin } = event;
  return {
    OPENSVC_RUN_ID: String(runId ?? ''),
    OPENSVC_RUN_SCOPE: task.scope,
    OPENSVC_RUN_ACTION: task.action,
    OPENSVC_RUN_SECTION: task.section,
    OPENSVC_RUN_STATE: state,
    OPENSVC_RUN_REASON: reason ?? '',
    OPENSVC_RUN_EXIT_CODE: String(exitCode ?? ''),
    OPENSVC_RUN_SLOT: slotBegin === null ? '' : new Date(slotBegin).toISOString(),
  };
}
