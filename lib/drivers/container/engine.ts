import { setTimeout as delay } from 'node:timers/promises';
import {
  type ActionContext,
  type Driver,
  defineDriver,
  type LabelFacts,
  type Note,
  type ReadContext,
} from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';
import { showCommand } from '../../exec/run.js';
import {
  type Container,
  type ContainerClient,
  type EngineAnswer,
  findContainer,
  findImage,
} from '../../host/containers.js';
import { objectWarnings, refuseObjects } from '../object-keywords.js';
import { innerSvcmgr } from './agent.js';
import { engineCommand } from './engine-command.js';
import { containerName, type EngineKeywords, engineKeywords } from './keywords.js';
import { runArgv } from './run-argv.js';

/** How long a command of the engine itself may take. */
const commandTimeoutMs = 60_000;
/** What the engines wait between SIGTERM and SIGKILL when nobody says. */
const engineStopMs = 10_000;

/** The driver of the containers of podman or docker: their commands are the same. */
export function engineDriver(client: ContainerClient): Driver<EngineKeywords> {
  const nameOf = (kw: EngineKeywords, { rid, service }: LabelFacts) =>
    containerName(kw.name, rid, service);

  const commandOf = ({ service }: Pick<LabelFacts, 'service'>): readonly string[] =>
    engineCommand(client, service.docker);
  /** Few services have a daemon of their own: what is about it is loaded for those. */
  const daemonOf = async ({ service }: Pick<ReadContext, 'service'>) =>
    client === 'docker' && service.docker.daemon ? import('./private-daemon.js') : undefined;
  const isSilent = async (context: ReadContext): Promise<boolean> =>
    (await daemonOf(context))?.isAsleep(context) ?? false;
  const wake = async (context: ActionContext): Promise<void> =>
    (await daemonOf(context))?.wakeDaemon(context);
  const rest = async (context: ActionContext): Promise<void> =>
    (await daemonOf(context))?.restDaemon(context);

  const find = (kw: EngineKeywords, context: ReadContext): Promise<EngineAnswer<Container>> => {
    const name = nameOf(kw, context);
    const command = commandOf(context);
    return context.once(`${command.join(' ')} container ${name}`, () =>
      findContainer(context.probe, command, name),
    );
  };

  /**
   * The container as it is now; undefined: none.
   * @throws AgentError `E_ENGINE` when that cannot be said, and for a start also without the engine
   */
  const look = async (
    kw: EngineKeywords,
    context: ReadContext,
    isStart = false,
  ): Promise<Container | undefined> => {
    if (await isSilent(context)) return undefined;
    const command = commandOf(context);
    const answer = await findContainer(context.probe, command, nameOf(kw, context));
    if (answer.state === 'found') return answer.value;
    if (answer.state === 'none' || (answer.state === 'absent' && !isStart)) return undefined;
    throw new AgentError('E_ENGINE', answer.why, {
      exit: 'unavailable',
      remedy: `look at whether ${client} works: ${showCommand([...command, 'info'])}`,
    });
  };

  const change = (context: ActionContext, ...words: string[]) =>
    context.change([...commandOf(context), ...words], {
      timeoutMs: commandTimeoutMs,
      quietErrors: true,
    });

  const labelOf = (kw: EngineKeywords, facts: LabelFacts): string =>
    `${client} container ${nameOf(kw, facts)}@${kw.image}`;

  async function pull(kw: EngineKeywords, context: ActionContext): Promise<void> {
    if (kw.image_pull_policy === 'once') {
      const { state } = await findImage(context.probe, commandOf(context), kw.image);
      if (state === 'found') return;
    }
    await context.change([...commandOf(context), 'pull', kw.image], {
      timeoutMs: kw.pull_timeout,
      quietErrors: true,
    });
  }

  async function waitUntilRunning(kw: EngineKeywords, context: ActionContext): Promise<void> {
    const until = context.clock.monotonic() + kw.start_timeout;
    for (;;) {
      const container = await look(kw, context);
      if (container?.isRunning) return;
      const hasEnded = container === undefined || (container.exitCode ?? 0) !== 0;
      if (hasEnded || context.clock.monotonic() >= until) {
        const how = container ? `ended with ${container.exitCode}` : 'is gone';
        throw new AgentError('E_NOT_UP', `${nameOf(kw, context)} ${how} after its start`, {
          remedy: `look at what it says: ${showCommand([...commandOf(context), 'logs', nameOf(kw, context)])}`,
        });
      }
      await delay(200, undefined, { signal: context.signal });
    }
  }

  async function stop(kw: EngineKeywords, context: ActionContext): Promise<void> {
    await end(kw, context);
    await rest(context);
  }

  async function end(kw: EngineKeywords, context: ActionContext): Promise<void> {
    const container = await look(kw, context);
    if (!container?.isRunning) {
      context.log.info(`${labelOf(kw, context)} is already down`);
      return;
    }
    // Paused, it could not act on the signal.
    if (container.isPaused) await change(context, 'unpause', container.id);
    const seconds = kw.stop_timeout === undefined ? undefined : Math.ceil(kw.stop_timeout / 1000);
    const option = seconds === undefined ? [] : ['-t', String(seconds)];
    await context.change([...commandOf(context), 'stop', ...option, container.id], {
      timeoutMs: (kw.stop_timeout ?? engineStopMs) + commandTimeoutMs,
      quietErrors: true,
    });
    if (context.dryRun || !(await look(kw, context))?.isRunning) return;
    await change(context, 'kill', container.id);
    if (!(await look(kw, context))?.isRunning) return;
    throw new AgentError('E_STILL_RUNNING', `${nameOf(kw, context)} runs after its stop`, {
      remedy: `look at what ${client} says: ${showCommand([...commandOf(context), 'container', 'inspect', nameOf(kw, context)])}`,
    });
  }

  async function remove(kw: EngineKeywords, context: ActionContext): Promise<void> {
    const container = await look(kw, context);
    if (container) await change(context, 'rm', '-f', container.id);
  }

  /** What was stopped before may have been the last one: then its daemon ended with it. */
  async function unprovision(kw: EngineKeywords, context: ActionContext): Promise<void> {
    await wake(context);
    await remove(kw, context);
    await rest(context);
  }

  /** One command of the engine for the container, when it is there and not that way already. */
  const toContainer =
    (word: 'pause' | 'unpause' | 'kill') =>
    async (kw: EngineKeywords, context: ActionContext): Promise<void> => {
      const container = await look(kw, context);
      if (!container?.isRunning || (word !== 'kill' && container.isPaused === (word === 'pause'))) {
        context.log.info(`${labelOf(kw, context)}: nothing to ${word}`);
        return;
      }
      // podman kills no paused container.
      if (word === 'kill' && container.isPaused) await change(context, 'unpause', container.id);
      await change(context, word, container.id);
    };

  return defineDriver<EngineKeywords>({
    id: `container.${client}`,
    describe: `A container of ${client}.`,
    keywords: engineKeywords,
    label: labelOf,
    warnings: objectWarnings,

    async status(kw, context) {
      if (await isSilent(context)) {
        return { status: 'down', notes: [info('its docker daemon is not running')] };
      }
      const answer = await find(kw, context);
      if (answer.state === 'none') return { status: 'down', notes: [info('container not found')] };
      if (answer.state !== 'found') return { status: 'down', notes: [info(answer.why)] };
      const { isRunning, isPaused, imageId } = answer.value;
      if (!isRunning) return { status: 'down' };
      if (isPaused) return { status: 'n/a', notes: [info('it is paused')] };
      const command = commandOf(context);
      const image = await context.once(`${command.join(' ')} image ${kw.image}`, () =>
        findImage(context.probe, command, kw.image),
      );
      const isOther = image.state === 'found' && image.value !== imageId;
      return { status: 'up', notes: isOther ? [otherImage(kw, imageId)] : [] };
    },

    async start(kw, context) {
      refuseObjects(kw);
      await wake(context);
      const container = await look(kw, context, true);
      if (container?.isPaused) {
        await change(context, 'unpause', container.id);
        return;
      }
      if (container?.isRunning) {
        context.log.info(`${labelOf(kw, context)} is already up`);
        return;
      }
      if (container) {
        await change(context, 'start', container.id);
        context.undo(() => stop(kw, context));
      } else {
        await pull(kw, context);
        const name = nameOf(kw, context);
        // A run that fails can leave a container that was made and never started.
        context.undo(() => remove(kw, context));
        await context.change(runArgv(commandOf(context), name, kw, context), {
          timeoutMs: kw.start_timeout,
          quietErrors: true,
        });
      }
      if (!context.dryRun && kw.detach) await waitUntilRunning(kw, context);
    },

    stop,
    wake: (_kw, context) => wake(context),
    instance: (kw, facts) => ({
      client,
      command: commandOf(facts),
      name: containerName(kw.name, facts.rid, facts.service),
      image: kw.image,
    }),
    shell: (kw, { rid, service }, terminal) => [
      ...[...commandOf({ service }), 'exec', terminal ? '-it' : '-i'],
      containerName(kw.name, rid, service),
      // The best that the image has.
      ...['/bin/sh', '-c', 'command -v bash >/dev/null && exec bash; exec sh'],
    ],
    inside(kw, facts) {
      const name = nameOf(kw, facts);
      return {
        names: [...(kw.hostname === undefined ? [] : [kw.hostname]), name],
        command: kw.rcmd ?? [...commandOf(facts), 'exec', '-i', name],
        svcmgr: innerSvcmgr(kw),
        startTimeoutMs: kw.start_timeout,
      };
    },
    unprovision,
    processGroup: {
      freeze: toContainer('pause'),
      thaw: toContainer('unpause'),
      kill: toContainer('kill'),
    },
  });
}

const info = (text: string): Note => ({ level: 'info', text });

function otherImage({ image }: EngineKeywords, imageId: string): Note {
  return {
    level: 'warn',
    text: `it runs image ${imageId.slice(0, 12)}, which is not ${image} any more`,
  };
}
