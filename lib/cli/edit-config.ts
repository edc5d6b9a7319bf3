/** edit config: an editor works on a copy; the file changes only when the copy is right. */
import { existsSync, rmSync } from 'node:fs';
import { bytesToEdit, writeConfigFile } from '../config/file.js';
import { formatFinding } from '../config/finding.js';
import { splitShellWords } from '../config/shlex.js';
import { AgentError } from '../errors/agent-error.js';
import { exitCodes } from '../errors/exit-codes.js';
import { runInteractive } from '../exec/interactive.js';
import { whileEditing } from '../lock/edit-lock.js';
import type { App } from './app.js';
import type { Args, OptionTable } from './command.js';
import type { ValidationTarget } from './validate-config.js';

export const editOptions = {
  discard: { type: 'boolean', default: false, describe: 'forget an edit that was left unfinished' },
  recover: { type: 'boolean', default: false, describe: 'go on with an unfinished edit' },
} as const satisfies OptionTable;

/** @returns the exit code */
export async function editConfig(
  app: App,
  { path, validate }: ValidationTarget,
  { discard, recover }: Args<typeof editOptions>,
): Promise<number> {
  const copy = `${path}.edit`;
  if (discard && recover) {
    throw new AgentError('E_USAGE', '--discard and --recover exclude each other', {
      exit: 'usage',
    });
  }
  if (discard) rmSync(copy, { force: true });
  if (existsSync(copy) && !recover) {
    await showDifference(app, path, copy);
    throw new AgentError('E_EDIT_PENDING', `${copy} is left from an unfinished edit`, {
      remedy: 'go on with it (--recover), or forget it (--discard)',
    });
  }
  const editor = app.edge.env['VISUAL'] || app.edge.env['EDITOR'] || 'vi';
  const words = wordsOf(editor);
  const before = bytesToEdit(path);
  if (!existsSync(copy)) writeConfigFile(copy, before);

  const code = await runInteractive([...words, copy], 'set EDITOR to the editor you use');
  if (code !== 0) {
    throw new AgentError('E_EDITOR', `${editor} ended with ${code}`, {
      remedy: 'the file is unchanged; go on with --recover, or forget the edit with --discard',
    });
  }
  const bytes = bytesToEdit(copy);
  const errors = (await validate(bytes)).filter(({ level }) => level === 'error');
  if (errors.length > 0) {
    for (const finding of errors) app.note(formatFinding(copy, finding));
    app.note(`${path} is unchanged; go on with --recover, or forget the edit with --discard`);
    return exitCodes.config.code;
  }
  const isSame = await whileEditing(app.paths, 'edit config', () => {
    const now = bytesToEdit(path);
    if (Buffer.compare(now, before) !== 0) return false;
    if (Buffer.compare(now, bytes) !== 0 || !existsSync(path)) writeConfigFile(path, bytes);
    return true;
  });
  if (!isSame) {
    await showDifference(app, path, copy);
    throw new AgentError('E_EDIT_CONFLICT', `${path} was changed by somebody else meanwhile`, {
      remedy: 'bring both together with --recover, or forget the edit with --discard',
    });
  }
  rmSync(copy, { force: true });
  return 0;
}

function wordsOf(editor: string): string[] {
  try {
    return splitShellWords(editor);
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    throw new AgentError('E_EDITOR', `${editor} is no command: ${error.message}`, {
      remedy: 'set EDITOR to the editor you use',
      cause: error,
    });
  }
}

/** What the copy would change, as diff(1) says it; nothing where there is no diff. */
async function showDifference(app: App, path: string, copy: string): Promise<void> {
  const { createRunner } = await import('../exec/run.js');
  const from = existsSync(path) ? path : '/dev/null';
  const { exitCode, stdout } = await createRunner({ env: app.edge.env })([
    'diff',
    '-u',
    from,
    copy,
  ]);
  if (exitCode === 1) app.note(stdout.trimEnd());
}
