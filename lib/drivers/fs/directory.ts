/** fs.directory: a directory with an owner and a mode. */
import { defineKeywords, type Values } from '../../config/keyword.js';
import { defineDriver, type Note } from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';
import { makeDirectory } from '../make-directory.js';
import { fixOwnership, ownershipDifferences, ownershipKeywords } from '../ownership.js';
import { factsOf, lookAt, silentText } from '../storage-questions.js';

const keywords = defineKeywords({
  path: { kind: 'path', required: true, scopable: true, text: 'Full path of the directory.' },
  ...ownershipKeywords,
});

export default defineDriver<Values<typeof keywords>>({
  id: 'fs.directory',
  describe: 'A directory with an owner and a mode, made when it is missing.',
  keywords,
  label: ({ path }) => `dir ${path}`,
  sortKey: ({ path }) => path,

  async status(kw, context) {
    const { path } = kw;
    const found = await lookAt(context, path);
    if (found.state === 'missing') return { status: 'down' };
    const texts =
      found.state === 'silent'
        ? [silentText(path, found.pid)]
        : found.facts.kind === 'directory'
          ? ownershipDifferences(kw, found.facts)
          : [`${path} is not a directory`];
    const notes = texts.map((text): Note => ({ level: 'warn', text }));
    return { status: notes.length > 0 ? 'warn' : 'n/a', notes };
  },

  async start(kw, context) {
    const { path } = kw;
    const before = await factsOf(context, path);
    if (before && before.kind !== 'directory') {
      throw new AgentError('E_NO_DIRECTORY', `${path} is not a directory`, {
        remedy: 'move it away, or correct `path`',
      });
    }
    if (!before) await makeDirectory(path, context);
    await fixOwnership(kw, path, before, context);
  },
});
