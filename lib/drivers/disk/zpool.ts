/** disk.zpool: a zfs pool, imported while the service is up (zpool(8)). */
import { join } from 'node:path';
import { defineKeywords, type Values } from '../../config/keyword.js';
import { type ActionContext, defineDriver, type ReadContext } from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';
import { factsOf, silentError } from '../storage-questions.js';
import { memberListFile, writeMembers } from './member-list.js';

const keywords = defineKeywords({
  name: {
    kind: 'string',
    required: true,
    scopable: true,
    aliases: ['poolname'],
    text: 'Name of the pool.',
  },
  vdev: {
    kind: 'list',
    scopable: true,
    provisioning: true,
    text: 'Devices of the pool, as `zpool create` takes them: `mirror /dev/sda /dev/sdb`.',
  },
  create_options: {
    kind: 'shlex',
    scopable: true,
    provisioning: true,
    text: 'Options of `zpool create`.',
  },
  multihost: {
    kind: 'tristate',
    scopable: true,
    text: 'Whether zfs itself keeps a second node from importing the pool.',
  },
});

type Keywords = Values<typeof keywords>;

const labelOf = ({ name }: Keywords): string => `pool ${name}`;

export default defineDriver<Keywords>({
  id: 'disk.zpool',
  isForOneNode: true,
  describe: 'A zfs pool.',
  keywords,
  label: labelOf,

  async status({ name }, context) {
    const health = await healthOf(name, context);
    if (health === 'ONLINE') return { status: 'up' };
    if (health === undefined) return { status: 'down' };
    const notes = [{ level: 'warn', text: `pool ${name} is ${health}` }] as const;
    return { status: health === 'DEGRADED' ? 'up' : 'down', notes };
  },

  async start(kw, context) {
    const { name, multihost } = kw;
    const health = await healthOf(name, context);
    if (health === 'ONLINE' || health === 'DEGRADED') {
      context.log.info(`${labelOf(kw)} is already up`);
      return;
    }
    if (health !== undefined) {
      throw new AgentError('E_POOL', `pool ${name} is imported and ${health}`, {
        remedy: `see \`zpool status ${name}\`, then \`zpool clear ${name}\``,
      });
    }
    await importPool(name, context);
    context.undo(() => exportPool(name, context));
    if (multihost !== null) {
      await context.change(['zpool', 'set', `multihost=${multihost ? 'on' : 'off'}`, name]);
    }
  },

  async stop(kw, context) {
    if ((await healthOf(kw.name, context)) === undefined) {
      context.log.info(`${labelOf(kw)} is already down`);
      return;
    }
    await exportPool(kw.name, context);
  },

  async presync({ name }, context) {
    if ((await healthOf(name, context)) === undefined) return;
    const { stdout } = await context.probe(['zpool', 'list', '-H', '-P', '-v', name]);
    const devices = stdout.split(/\s+/).filter((word) => word.startsWith('/dev/'));
    await writeMembers(devices, context);
  },

  replicates: (_, facts) => [memberListFile(facts)],

  async provisioned({ name }, context) {
    if ((await healthOf(name, context)) !== undefined) return true;
    const { stdout } = await context.probe(['zpool', 'import']);
    return stdout.split('\n').some((line) => line.trim() === `pool: ${name}`);
  },

  async provision({ name, vdev = [], create_options = [] }, context) {
    // Without -f it refuses devices that hold something.
    await context.change(['zpool', 'create', '-m', 'legacy', ...create_options, name, ...vdev]);
    context.undo(() => destroyPool(name, context));
  },

  async unprovision({ name }, context) {
    // It was exported by the stop: only an imported one can be destroyed.
    if ((await healthOf(name, context)) === undefined) await importPool(name, context);
    await destroyPool(name, context);
  },
});

/**
 * `ONLINE`, `DEGRADED`, `FAULTED`…; undefined when the pool is not imported.
 * @throws AgentError `E_SILENT` when the pool hangs
 */
async function healthOf(name: string, context: ReadContext): Promise<string | undefined> {
  const argv = ['zpool', 'list', '-H', '-o', 'health', name];
  const answer = await context.probePlace(`pool ${name}`, argv, { timeoutMs: 10_000 });
  if (answer.state === 'silent') throw silentError(`pool ${name}`, answer.pid);
  return answer.result.exitCode === 0 ? answer.result.stdout.trim() : undefined;
}

/** The cache file keeps the pool from being imported by a boot. */
async function importPool(name: string, context: ActionContext): Promise<void> {
  const head = [
    'zpool',
    'import',
    '-f',
    '-o',
    `cachefile=${join(context.paths.var, 'zpool.cache')}`,
  ];
  const links = join(context.service.directory, 'dev', 'dsk');
  if (await factsOf(context, links)) {
    const first = await context.change([...head, '-d', links, name], { acceptExitCodes: [0, 1] });
    if (first.exitCode === 0) return;
  }
  await context.change([...head, name]);
}

async function exportPool(name: string, context: ActionContext): Promise<void> {
  await context.change(['zpool', 'export', name]);
}

async function destroyPool(name: string, context: ActionContext): Promise<void> {
  await context.change(['zpool', 'destroy', '-f', name]);
}
