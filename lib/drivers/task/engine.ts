import { setTimeout as delay } from 'node:timers/promises';
import { defineKeywords, type Values } from '../../config/keyword.js';
import { rootNamespace } from '../../config/object-path.js';
import { type Driver, defineDriver, type RunContext } from '../../driver/contract.js';
import { type ContainerClient, findContainer } from '../../host/containers.js';
import { argvOfCommand } from '../../task/command-text.js';
import { engineCommand } from '../container/engine-command.js';
import { containerName, engineKeywords } from '../container/keywords.js';
import { optionArgv } from '../container/run-argv.js';
import {
  environmentObjectKeywords,
  objectWarnings,
  refuseObjects,
  registryObjectKeywords,
} from '../object-keywords.js';
import { taskKeywords } from './keywords.js';
import { runTask } from './run-task.js';

/** Those of a container that mean something for one that ends by itself. */
const keywords = defineKeywords({
  ...taskKeywords,
  image: engineKeywords.image,
  command: engineKeywords.command,
  entrypoint: engineKeywords.entrypoint,
  run_args: engineKeywords.run_args,
  image_pull_policy: engineKeywords.image_pull_policy,
  netns: engineKeywords.netns,
  userns: engineKeywords.userns,
  pidns: engineKeywords.pidns,
  ipcns: engineKeywords.ipcns,
  utsns: engineKeywords.utsns,
  volume_mounts: engineKeywords.volume_mounts,
  devices: engineKeywords.devices,
  environment: engineKeywords.environment,
  ...environmentObjectKeywords,
  ...registryObjectKeywords,
  user: engineKeywords.user,
  hostname: engineKeywords.hostname,
  privileged: engineKeywords.privileged,
});

type Keywords = Values<typeof keywords>;

const removeTimeoutMs = 60_000;
/** An engine that sees its container die cannot remove it at once. */
const removeTries = 10;
const removePauseMs = 500;

async function remove(client: ContainerClient, name: string, context: RunContext): Promise<void> {
  const command = engineCommand(client, context.docker());
  for (let n = 1; n <= removeTries; n++) {
    if ((await findContainer(context.run, command, name)).state === 'none') return;
    // Docker does not wait for a polite end here.
    const options = client === 'podman' ? ['-t', '0'] : [];
    await context.run([...command, 'rm', '-f', ...options, name], { timeoutMs: removeTimeoutMs });
    await delay(removePauseMs);
  }
  context.log.warn('container not removed', { container: name });
}

/** The driver of tasks that run in a container of their own, gone afterwards. */
export function engineTaskDriver(client: ContainerClient): Driver<Keywords> {
  return defineDriver<Keywords>({
    id: `task.${client}`,
    describe: `A command in a container of ${client} of its own, run on schedule or by hand.`,
    keywords,
    label: ({ image: name, command: words }) => [name, ...(words ?? [])].join(' ').slice(0, 60),

    // The daemon that a task started goes on: it ends with the last container of the service.
    async wake(_kw, context) {
      if (client !== 'docker') return;
      const { wakeDaemon } = await import('../container/private-daemon.js');
      await wakeDaemon(context);
    },

    warnings: objectWarnings,

    async run(kw, context) {
      refuseObjects(kw);
      const name = nameOf(context);
      const facts = context.docker();
      if (facts.daemon) await context.wake();
      const main = {
        argv: [
          ...[...engineCommand(client, facts), 'run', '--rm', `--name=${name}`],
          ...(kw.image_pull_policy === 'always' ? ['--pull', 'always'] : []),
          ...optionArgv(kw, (rid) => containerOf(rid, context)),
          ...[kw.image, ...(kw.command ?? [])],
        ],
        options: { env: { ...context.environment, LANG: 'C' } },
      };
      const onError = kw.on_error
        ? { argv: argvOfCommand(kw.on_error), options: main.options }
        : undefined;
      const outcome = await runTask(kw, { main, onError }, context);
      // The client was ended, but what it started belongs to the engine.
      if (outcome.state === 'timeout' || outcome.reason === 'interrupted') {
        await remove(client, name, context);
      }
      return outcome;
    },
  });
}

/** A name for one run, so that two of them can go at once. */
function nameOf(context: RunContext): string {
  const { OPENSVC_RID: rid = 'task', OPENSVC_RUN_ID: run } = context.environment;
  return [containerOf(rid, context), run].filter(Boolean).join('.');
}

/** The container of a resource of this service, by the name that it has when it is given none. */
function containerOf(rid: string, { environment }: RunContext): string {
  const { OPENSVC_NAMESPACE: namespace = rootNamespace, OPENSVC_NAME: name = '' } = environment;
  return containerName(undefined, rid, { path: { namespace, kind: 'svc', name } });
}
