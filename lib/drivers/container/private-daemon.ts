/** The daemon of docker that a service has for itself (spec service 8.5). */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ActionContext, PrivateDaemon, ReadContext } from '../../driver/contract.js';
import { identityOf, isAlive, type ProcessIdentity } from '../../env/process-identity.js';
import { AgentError } from '../../errors/agent-error.js';
import { endProcess } from '../../exec/end-process.js';
import { showCommand } from '../../exec/run.js';
import { runningContainers } from '../../host/containers.js';
import { isAtOrBelow } from '../../host/place.js';
import { findByPidFile } from '../../host/process-by-pid-file.js';
import { withLock } from '../../lock/lock.js';
import { isUp } from '../../status/values.js';
import { addressOf, engineCommand } from './engine-command.js';

/** How long one daemon waits until another one of this node has been started. */
const lockWaitMs = 15_000;
/** From its start until it answers. */
const answerMs = 30_000;
const pauseMs = 100;
/** From SIGTERM to SIGKILL. */
const graceMs = 15_000;
/** The kernel takes no longer path for a socket. */
const longestSocketPath = 107;

/** The process of a daemon; undefined while it does not run. */
export function findDaemon(daemon: PrivateDaemon): ProcessIdentity | undefined {
  return findByPidFile(daemon.pidFile, addressOf(daemon));
}

/** Whether an engine can be asked at all: a daemon of the service itself may not run. */
export function isAsleep({ service }: Pick<ReadContext, 'service'>): boolean {
  const { daemon } = service.docker;
  return daemon !== undefined && !findDaemon(daemon);
}

/**
 * Starts the daemon of the service, when it has one that does not run, and waits until it answers.
 *
 * @throws AgentError `E_NOT_UP` when the file system of its data is not up
 * @throws AgentError `E_DOCKERD` when it does not come up
 * @throws LockBusyError when another daemon is being started for too long
 */
export async function wakeDaemon(context: ActionContext): Promise<void> {
  const { daemon } = context.service.docker;
  if (!daemon || (context.dryRun && findDaemon(daemon))) return;
  if (!findDaemon(daemon)) await start(daemon, context);
  if (!context.dryRun) await untilItAnswers(daemon, context);
}

/** Ends the daemon of the service when no container of its runs any more. */
export async function restDaemon(context: ActionContext): Promise<void> {
  const { daemon } = context.service.docker;
  if (!daemon || !findDaemon(daemon)) return;
  await exclusively('stop', context, async () => {
    const process = findDaemon(daemon);
    if (!process) return;
    const running = await runningContainers(context.probe, commandTo(context));
    if (running === undefined) {
      context.log.warn(`the docker daemon ${process.pid} does not answer: it goes on`);
      return;
    }
    if (running.length > 0) return;
    await context.act(`end the docker daemon ${process.pid}, no container is left`, async () => {
      if (await endProcess(process, graceMs)) return;
      throw new AgentError('E_STUCK', `the docker daemon ${process.pid} cannot be ended`, {
        remedy: 'look at what it waits for: a file system or a device that does not answer',
      });
    });
  });
}

const commandTo = ({ service }: ActionContext): readonly string[] =>
  engineCommand('docker', service.docker);

function exclusively(
  intent: string,
  { dryRun, paths, signal }: ActionContext,
  work: () => Promise<void>,
): Promise<void> {
  if (dryRun) return work();
  const object = 'the start of docker daemons';
  const path = join(paths.locks, 'docker_start');
  return withLock(path, { intent, object, waitMs: lockWaitMs, signal }, work);
}

/** Prints its pid. What it says goes into a file; nothing of ours stays open in it. */
const launcher = 'log=$1; shift; "$@" </dev/null >"$log" 2>&1 & echo $!';

async function start(daemon: PrivateDaemon, context: ActionContext): Promise<void> {
  refuseLongPath(daemon);
  if (!context.dryRun) await requireFileSystem(daemon, context);
  const argv = argvOf(daemon);
  await exclusively('start', context, async () => {
    if (findDaemon(daemon)) return;
    if (!context.dryRun) mkdirSync(dirname(daemon.socket), { recursive: true });
    const { stdout } = await context.change(
      ['/bin/sh', '-c', launcher, 'sh', daemon.logFile, ...argv],
      {
        announce: showCommand(argv),
        shows: 'command',
        // Whoever freezes or kills what the service runs must still be able to ask about it.
        ...(context.processGroup().cgroup && { cgroup: groupOf(context) }),
      },
    );
    context.undo(() => restDaemon(context));
    if (context.dryRun) return;
    // The others may begin as soon as it is known by its pid file.
    const launched = identityOf(Number(stdout));
    await within(answerMs, context, async () => {
      return !launched || !isAlive(launched) || findDaemon(daemon) !== undefined;
    });
    if (!findDaemon(daemon)) throw await notUp(daemon, launched, context);
  });
}

function argvOf(daemon: PrivateDaemon): string[] {
  const { program, dataDirectory, pidFile, options } = daemon;
  return [
    ...[program, '-H', addressOf(daemon), '--data-root', dataDirectory, '-p', pidFile],
    ...['--exec-root', dataDirectory, ...options],
  ];
}

const groupOf = ({ service }: ActionContext): string =>
  `${service.scope.replaceAll('/', ':')}.dockerd`;

async function untilItAnswers(daemon: PrivateDaemon, context: ActionContext): Promise<void> {
  const process = findDaemon(daemon);
  let answers = false;
  await within(answerMs, context, async () => {
    answers = (await runningContainers(context.probe, commandTo(context))) !== undefined;
    return answers || !process || !isAlive(process);
  });
  if (!answers) throw await notUp(daemon, process, context);
}

async function notUp(
  daemon: PrivateDaemon,
  process: ProcessIdentity | undefined,
  { probe }: ActionContext,
): Promise<AgentError> {
  const { stdout } = await probe(['tail', '-n', '1', daemon.logFile]);
  const fact = process && isAlive(process) ? `does not answer within ${answerMs / 1000}s` : 'ended';
  const says = stdout.trim() === '' ? '' : `: ${stdout.trim().slice(0, 300)}`;
  return new AgentError('E_DOCKERD', `the docker daemon of the service ${fact}${says}`, {
    exit: 'unavailable',
    remedy: `read ${daemon.logFile}, or run it by hand: ${showCommand(argvOf(daemon))}`,
  });
}

/** @throws AgentError `E_NOT_UP`: below its mount point the data of nobody would be made */
async function requireFileSystem(
  { dataDirectory }: PrivateDaemon,
  { siblings }: ReadContext,
): Promise<void> {
  const [below] = siblings
    .filter(({ group, disabled }) => ['fs', 'volume'].includes(group) && !disabled)
    .map((sibling) => ({ sibling, mnt: sibling.values?.['mnt'] }))
    .filter((one): one is typeof one & { mnt: string } => typeof one.mnt === 'string')
    .filter(({ mnt }) => isAtOrBelow(dataDirectory, mnt))
    .sort((a, b) => b.mnt.length - a.mnt.length);
  if (!below) return;
  const status = await below.sibling.status();
  if (isUp(status)) return;
  const { rid } = below.sibling;
  throw new AgentError('E_NOT_UP', `${dataDirectory} lies on ${rid}, which is ${status}`, {
    remedy: `start ${rid} first: the docker daemon keeps its data there`,
  });
}

/** @throws AgentError `E_CONFIG` */
function refuseLongPath({ socket }: PrivateDaemon): void {
  if (Buffer.byteLength(socket) <= longestSocketPath) return;
  throw new AgentError('E_CONFIG', `${socket} is too long for a socket`, {
    exit: 'config',
    remedy: 'give the service a shorter name, or set `docker_daemon_private = false`',
  });
}

async function within(
  ms: number,
  { clock, signal }: ActionContext,
  test: () => Promise<boolean>,
): Promise<void> {
  const until = clock.monotonic() + ms;
  while (!(await test())) {
    if (clock.monotonic() >= until) return;
    await delay(pauseMs, undefined, { signal });
  }
}
