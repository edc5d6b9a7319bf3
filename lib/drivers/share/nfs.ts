/** share.nfs: a directory exported to NFS clients with exportfs(8). */
import { defineKeywords, type Values } from '../../config/keyword.js';
import {
  type ActionContext,
  defineDriver,
  type Note,
  type ReadContext,
} from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';
import { type Export, exportArgument, missingOptions, parseExportfs } from '../../host/exportfs.js';

const keywords = defineKeywords({
  path: { kind: 'path', required: true, scopable: true, text: 'The directory that is exported.' },
  opts: {
    kind: 'string',
    required: true,
    scopable: true,
    text: 'Clients with their options, separated by blanks: `192.0.2.0/24(rw,sync) *(ro)`.',
  },
});

type Keywords = Values<typeof keywords>;

const labelOf = ({ path }: Pick<Keywords, 'path'>): string => `nfs:${path}`;

export default defineDriver<Keywords>({
  id: 'share.nfs',
  describe: 'A directory exported to NFS clients.',
  keywords,
  label: labelOf,

  async status(kw, context) {
    const exports = await exportsOf(kw.path, context);
    if (exports.length === 0) return { status: 'down' };
    const notes = wantedClients(kw).flatMap(({ client, options }): Note[] => {
      const found = exports.find((candidate) => candidate.client === client);
      if (!found) return [{ level: 'warn', text: `${kw.path} is not exported to ${client}` }];
      return missingOptions(options, found).map((option) => ({
        level: 'warn',
        text: `${kw.path} is exported to ${client} without option ${option}`,
      }));
    });
    return { status: notes.length > 0 ? 'warn' : 'up', notes };
  },

  async start(kw, context) {
    const exports = await exportsOf(kw.path, context);
    let isUp = true;
    for (const { client, options } of wantedClients(kw)) {
      const found = exports.find((candidate) => candidate.client === client);
      if (found && missingOptions(options, found).length === 0) continue;
      isUp = false;
      if (found) {
        await unexport(client, kw.path, context);
        context.undo(() => exportTo(client, found.options, kw.path, context));
      }
      await exportTo(client, options, kw.path, context);
      context.undo(() => unexport(client, kw.path, context));
    }
    if (isUp) context.log.info(`${labelOf(kw)} is already up`);
  },

  async stop(kw, context) {
    const exports = await exportsOf(kw.path, context);
    const ours = wantedClients(kw).filter(({ client }) =>
      exports.some((candidate) => candidate.client === client),
    );
    if (ours.length === 0) {
      context.log.info(`${labelOf(kw)} is already down`);
      return;
    }
    for (const { client } of ours) await unexport(client, kw.path, context);
  },
});

async function exportsOf(path: string, context: ReadContext): Promise<readonly Export[]> {
  const all = await context.once('exportfs -v', async () => {
    // It resolves the names of its clients: without a name server that takes long.
    const { exitCode, stdout, stderr } = await context.probe(['exportfs', '-v'], {
      timeoutMs: 15_000,
      maxOutputBytes: 16 << 20,
    });
    if (exitCode === 0) return parseExportfs(stdout);
    const why = stderr.trim() || (exitCode === null ? 'it did not answer' : `exit ${exitCode}`);
    throw new AgentError('E_COMMAND', `exportfs -v: ${why}`, { exit: 'unavailable' });
  });
  const plain = path.replace(/(.)\/+$/, '$1');
  return all.filter((candidate) => candidate.path === plain);
}

async function exportTo(
  client: string,
  options: readonly string[],
  path: string,
  context: ActionContext,
): Promise<void> {
  const wanted = options.length > 0 ? ['-o', options.join(',')] : [];
  await context.change(['exportfs', ...wanted, exportArgument(client, path)]);
}

async function unexport(client: string, path: string, context: ActionContext): Promise<void> {
  await context.change(['exportfs', '-u', exportArgument(client, path)]);
}

/** @throws AgentError `E_CONFIG` */
function wantedClients({ opts }: Keywords): Pick<Export, 'client' | 'options'>[] {
  // Files of the first generation protect the brackets from a shell that is not there.
  const words = opts.replaceAll('\\', '').split(/\s+/).filter(Boolean);
  return words.map((word) => {
    const [, client = '', options = ''] = /^([^()]+)\(([^()]*)\)$/.exec(word) ?? [];
    if (client === '') {
      throw new AgentError('E_CONFIG', `opts: ${word} is not <client>(<option>,<option>)`, {
        exit: 'config',
        remedy: 'write `*(ro)` or `host1(rw,sync)`',
      });
    }
    return { client, options: options.split(',').filter(Boolean) };
  });
}
