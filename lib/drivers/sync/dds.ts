/** sync.dds: the blocks of a logical volume that changed, merged into volumes of other nodes. */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { defineKeywords, type Values } from '../../config/keyword.js';
import { type ActionContext, defineDriver, type ReadContext } from '../../driver/contract.js';
import { writeFileAtomic } from '../../env/atomic-file.js';
import { AgentError } from '../../errors/agent-error.js';
import { showCommand } from '../../exec/run.js';
import { mapperPath, parseVolumeFacts, type VolumeFacts, volumeFactsArgv } from '../../host/lvm.js';
import { changeLvm, lvmEnvironment } from '../disk/lvm-questions.js';
import { copyToEach } from './each-node.js';
import { destinations, passGates } from './gates.js';
import { copyKeywords } from './keywords.js';
import { statusOfTarget } from './last-sync.js';
import { pipe } from './pipe.js';
import { sideOf } from './side.js';

const keywords = defineKeywords({
  ...copyKeywords,
  src: { kind: 'path', required: true, scopable: true, text: 'The logical volume that is copied.' },
  dst: {
    kind: 'path',
    required: true,
    scopable: true,
    text: 'The block device that it is copied onto; each node has its own when it has a scope.',
  },
  snap_size: {
    kind: 'size',
    scopable: true,
    text: 'Room for what changes between two copies. Default: a tenth of the volume.',
  },
});

type Keywords = Values<typeof keywords>;

export default defineDriver<Keywords>({
  id: 'sync.dds',
  describe: 'The changed blocks of a logical volume, merged into volumes of other nodes.',
  keywords,
  label: ({ src, target }) => `dds of ${src} to ${[...target].sort().join(', ')}`,

  status: (kw, context) => statusOfTarget(kw, context),

  // What changed is taken once, for all nodes: there is no copy to some of them.
  sync: { full: copyAll, update: copyChanges, verify: compare },
});

async function copyAll(kw: Keywords, context: ActionContext): Promise<void> {
  await passGates(context);
  const nodes = destinations(kw.target, context);
  if (nodes.length === 0) return;
  const source = await sourceOf(kw, context);
  const [first, second] = snapshotsOf(source);
  await removeSnapshot(second, context);
  await removeSnapshot(first, context);
  await takeSnapshot(first, source, kw, context);
  const { failure } = await copyToEach(nodes, context, async (node) => {
    const write = ['dd', 'bs=1M', `of=${destinationOn(node, kw, context)}`];
    await pipe(['dd', `if=${first.device}`, 'bs=1M'], sideOf(context, node).argv(write), context);
    await tellBase(node, await factsOf(first.device, context), context);
  });
  if (failure) throw failure;
}

async function copyChanges(kw: Keywords, context: ActionContext): Promise<void> {
  await passGates(context);
  const nodes = destinations(kw.target, context);
  if (nodes.length === 0) return;
  const source = await sourceOf(kw, context);
  const [first, second] = snapshotsOf(source);
  await requireDds(nodes, context);
  await requireBase(nodes, await factsOf(first.device, context), first.device, context);
  await removeSnapshot(second, context);
  await takeSnapshot(second, source, kw, context);
  const cow = `${mapperPath(source.group, first.name)}-cow`;
  const { failure } = await copyToEach(nodes, context, (node) => {
    const merge = ['dds', '--merge', '--dest', destinationOn(node, kw, context), '-v'];
    return pipe(
      ['dds', '--extract', '--cow', cow, '--source', second.device],
      sideOf(context, node).argv(merge),
      context,
    );
  });
  if (failure) {
    // What changed since the first one has to go to every node: it stays the base of the next time.
    await removeSnapshot(second, context, { isThere: true });
    throw failure;
  }
  await removeSnapshot(first, context);
  await changeLvm(['lvrename', source.group, second.name, first.name], context);
  const base = await factsOf(context.dryRun ? second.device : first.device, context);
  for (const node of nodes) await tellBase(node, base, context);
}

/** Compares the last snapshot with what the nodes have. */
async function compare(kw: Keywords, context: ActionContext): Promise<void> {
  await passGates(context);
  const nodes = destinations(kw.target, context);
  const [first] = snapshotsOf(await sourceOf(kw, context));
  const ours = await sumOf(first.device, context);
  context.log.info(`md5 ${context.nodename}: ${ours}`);
  const different: string[] = [];
  for (const node of nodes) {
    const theirs = await sumOf(destinationOn(node, kw, context), context, node);
    context.log.info(`md5 ${node}: ${theirs}`);
    if (theirs !== ours) different.push(node);
  }
  if (different.length === 0) return;
  throw new AgentError('E_DIFFERS', `not the same as ${first.device}: ${different.join(', ')}`, {
    remedy: 'copy everything anew: svcmgr sync full',
  });
}

async function sumOf(device: string, context: ActionContext, node?: string): Promise<string> {
  const argv = sideOf(context, node).argv(['md5sum', device]);
  const options = { timeoutMs: 0, signal: context.signal };
  const { exitCode, stdout, stderr } = await context.probe(argv, options);
  const [sum = ''] = stdout.split(/\s/);
  if (exitCode === 0 && sum !== '') return sum;
  const where = node ?? context.nodename;
  throw new AgentError('E_READ', `${where}: ${device}: ${stderr.trim() || 'no answer'}`);
}

interface Snapshot {
  readonly name: string;
  readonly device: string;
}

/** That of the last copy, and that of the one under way. */
function snapshotsOf({ group, name }: VolumeFacts): [Snapshot, Snapshot] {
  const snapshot = (n: number): Snapshot => {
    const own = `${name}_osvc_snap${n}`;
    return { name: own, device: `/dev/${group}/${own}` };
  };
  return [snapshot(1), snapshot(2)];
}

async function factsOf(device: string, { probe }: ReadContext): Promise<VolumeFacts | undefined> {
  const { exitCode, stdout } = await probe(volumeFactsArgv(device), { env: lvmEnvironment });
  return exitCode === 0 ? parseVolumeFacts(stdout) : undefined;
}

/** @throws AgentError `E_NO_LV` */
async function sourceOf({ src }: Keywords, context: ReadContext): Promise<VolumeFacts> {
  const source = await factsOf(src, context);
  if (source) return source;
  throw new AgentError('E_NO_LV', `${src} is not a logical volume of this node`, {
    remedy: 'correct `src`, or activate its volume group',
  });
}

async function takeSnapshot(
  { name }: Snapshot,
  source: VolumeFacts,
  { snap_size }: Keywords,
  context: ActionContext,
): Promise<void> {
  const megabytes = Math.max(1, Math.ceil((snap_size || source.sizeBytes / 10) / 2 ** 20));
  const origin = `/dev/${source.group}/${source.name}`;
  await changeLvm(['lvcreate', '-s', '-n', name, '-L', `${megabytes}M`, origin], context);
}

/** @param isThere in this action it was taken */
async function removeSnapshot(
  { device }: Snapshot,
  context: ActionContext,
  { isThere = false } = {},
): Promise<void> {
  if (!isThere && !(await factsOf(device, context))) return;
  await changeLvm(['lvremove', '-f', device], context);
}

/** @throws AgentError `E_NO_COMMAND` */
async function requireDds(nodes: readonly string[], context: ActionContext): Promise<void> {
  for (const node of [undefined, ...nodes]) {
    const argv = sideOf(context, node).argv(['sh', '-c', 'command -v dds']);
    const { exitCode, stderr } = await context.probe(argv);
    if (exitCode === 0) continue;
    const where = node ?? context.nodename;
    const isSilent = exitCode === 255;
    const text = isSilent ? stderr.trim() || 'no answer' : 'dds is not installed';
    throw new AgentError('E_NO_COMMAND', `${where}: ${text}`, {
      exit: 'unavailable',
      ...(!isSilent && { remedy: 'install dds there, or copy everything: svcmgr sync full' }),
    });
  }
}

/**
 * What changed since the last copy is worth something only to those who have that one.
 * @throws AgentError `E_BASE`
 */
async function requireBase(
  nodes: readonly string[],
  base: VolumeFacts | undefined,
  device: string,
  context: ActionContext,
): Promise<void> {
  const refuse = (text: string): AgentError =>
    new AgentError('E_BASE', text, { remedy: 'copy everything anew: svcmgr sync full' });
  if (!base) throw refuse(`${device} does not exist: nothing was copied yet`);
  if (base.isInvalid) throw refuse(`${device} was too small for what changed; raise snap_size`);
  const file = baseFile(context);
  const others: string[] = [];
  for (const node of nodes) {
    const { stdout } = await context.probe(context.peers.argv(node, ['cat', file]));
    if (stdout.trim() !== base.uuid) others.push(node);
  }
  if (others.length > 0) throw refuse(`without the last copy from here: ${others.join(', ')}`);
}

/** Where each node keeps the uuid of the snapshot that it has a copy of. */
function baseFile({ service, rid }: ReadContext): string {
  return join(service.directory, 'dds', rid.replace('#', '.'));
}

async function tellBase(
  node: string,
  base: VolumeFacts | undefined,
  context: ActionContext,
): Promise<void> {
  if (context.dryRun || !base) return;
  const file = baseFile(context);
  mkdirSync(dirname(file), { recursive: true });
  writeFileAtomic(file, `${base.uuid}\n`);
  const { peers } = context;
  const argv = ['rsync', '-R', '-e', showCommand(peers.rsh), file, `${node}:/`];
  await context.change(argv, { shows: 'nothing', timeoutMs: 60_000 });
}

function destinationOn(node: string, kw: Keywords, context: ReadContext): string {
  const { dst } = context.valuesOn(node) ?? kw;
  return typeof dst === 'string' ? dst : kw.dst;
}
