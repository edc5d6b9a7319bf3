/** sync.docker: the images of the containers and tasks of the service, loaded where they are missing. */
import {
  type ActionContext,
  defineDriver,
  type Note,
  type ReadContext,
} from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';
import {
  type ContainerClient,
  findImage,
  imageIdsArgv,
  parseImageIds,
} from '../../host/containers.js';
import { engineCommand } from '../container/engine-command.js';
import { copyToEach } from './each-node.js';
import { destinations, passGates } from './gates.js';
import { type CopyKeywords, copyKeywords } from './keywords.js';
import { statusOfTarget } from './last-sync.js';
import { pipe } from './pipe.js';
import { sideOf } from './side.js';

type Keywords = CopyKeywords;

export default defineDriver<Keywords>({
  id: 'sync.docker',
  describe: 'The images that the service runs, on its other nodes: of docker and of podman.',
  keywords: copyKeywords,
  label: ({ target }) => `docker img sync to ${[...target].sort().join(', ')}`,

  async status(kw, context) {
    const notes: Note[] = [];
    const info = (text: string): Note => ({ level: 'info', text });
    const nodes = destinations(kw.target, context);
    if (nodes.length === 0) return { status: 'n/a', notes: [info('no destination node')] };
    const avail = await context.partialAvail(['sync', 'hb', 'app']);
    if (avail !== 'up' && avail !== 'n/a') {
      return { status: 'n/a', notes: [info('this node sends nothing now')] };
    }
    // A daemon of its own does not run on the others: nobody is asked who would have to be woken.
    if (context.service.docker.daemon) {
      return statusOfTarget(kw, context);
    }
    const images = await localImages(context, (text) => notes.push({ level: 'warn', text }));
    await Promise.all(
      nodes.map(async (node) => {
        try {
          const missing = await missingOn(node, images, context);
          const names = missing.map(({ name }) => name).join(', ');
          if (names !== '') notes.push({ level: 'warn', text: `${node} misses ${names}` });
        } catch (error) {
          if (!(error instanceof AgentError)) throw error;
          notes.push({ level: 'warn', text: `${node}: ${error.message}` });
        }
      }),
    );
    notes.sort((a, b) => (a.text < b.text ? -1 : 1));
    return { status: notes.length > 0 ? 'warn' : 'up', notes };
  },

  sync: {
    nodes: (kw, context) => copy(kw, ['nodes'], context),
    drp: (kw, context) => copy(kw, ['drpnodes'], context),
  },
});

async function copy(
  { target }: Keywords,
  wanted: readonly string[],
  context: ActionContext,
): Promise<void> {
  await passGates(context);
  const nodes = destinations(
    target.filter((word) => wanted.includes(word)),
    context,
  );
  if (nodes.length === 0) return;
  const images = await localImages(context, (text) => context.log.warn(text));
  const { failure } = await copyToEach(nodes, context, async (node) => {
    for (const { client, name } of await missingOn(node, images, context)) {
      const save = [...engineCommand(client, context.service.docker), 'save', name];
      const load = [...engineThere(client, context), 'load'];
      await pipe(save, sideOf(context, node).argv(load), context);
    }
  });
  if (failure) throw failure;
}

/** A daemon of the service itself may have to be started there first. */
function engineThere(client: ContainerClient, { service }: ReadContext): readonly string[] {
  const { docker, scope } = service;
  if (client === 'docker' && docker.daemon) return ['svcmgr', '-s', scope, client];
  return engineCommand(client, docker);
}

interface Image {
  readonly client: ContainerClient;
  readonly name: string;
  readonly id: string;
}

const clients: Readonly<Record<string, ContainerClient>> = {
  'container.docker': 'docker',
  'task.docker': 'docker',
  'container.podman': 'podman',
  'task.podman': 'podman',
};

/**
 * The images that the service runs.
 * @param onAbsent told of those that are not even here: they are pulled by a start
 */
async function localImages(
  context: ReadContext,
  onAbsent: (text: string) => void,
): Promise<Image[]> {
  const named = new Map<string, Omit<Image, 'id'>>();
  for (const { driver, values, disabled } of context.siblings) {
    const client = clients[driver];
    const name = values?.['image'];
    if (!client || disabled || typeof name !== 'string') continue;
    named.set(`${client} ${name}`, { client, name });
  }
  const images: Image[] = [];
  for (const { client, name } of named.values()) {
    const answer = await findImage(
      context.probe,
      engineCommand(client, context.service.docker),
      name,
    );
    if (answer.state === 'found') images.push({ client, name, id: answer.value });
    else onAbsent(answer.state === 'none' ? `${name} is not on this node` : answer.why);
  }
  return images;
}

/** @throws AgentError `E_PEER` when the node does not tell what it has */
async function missingOn(
  node: string,
  images: readonly Image[],
  context: ReadContext,
): Promise<Image[]> {
  const missing: Image[] = [];
  for (const client of new Set(images.map((image) => image.client))) {
    const argv = sideOf(context, node).argv(imageIdsArgv(engineThere(client, context)));
    const { exitCode, stdout, stderr } = await context.probe(argv, { timeoutMs: 10_000 });
    if (exitCode !== 0) {
      const why = stderr.trim().split('\n').at(-1) || `${client} does not answer`;
      throw new AgentError('E_PEER', why, { exit: 'unavailable' });
    }
    const there = parseImageIds(stdout);
    missing.push(...images.filter((image) => image.client === client && !there.has(image.id)));
  }
  return missing;
}
