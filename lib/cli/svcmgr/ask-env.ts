/** create --interactive: asks for each value of [env]. */
import { createInterface } from 'node:readline';
import type { IniEdit } from '../../config/edit.js';
import type { IniFile } from '../../config/ini.js';
import { AgentError } from '../../errors/agent-error.js';
import type { App } from '../app.js';

const commentSuffix = '.comment';

/**
 * Asks at the terminal for every key of [env] that has no answer yet: its comment first, then
 * `key [default] > `. An empty answer takes the default.
 *
 * @param answered keys that were given on the command line
 * @throws AgentError without a terminal, and when the operator leaves
 */
export async function askEnvironment(
  app: App,
  ini: IniFile,
  answered: ReadonlySet<string>,
): Promise<IniEdit[]> {
  const input = app.edge.stdin();
  if (!input.isTTY) {
    throw new AgentError('E_NO_TERMINAL', '--interactive needs a terminal', {
      exit: 'usage',
      remedy: 'give the values with --env KEY=TEXT',
    });
  }
  const section = ini.byName.get('env');
  const terminal = openDialogue(app);
  const edits: IniEdit[] = [];
  try {
    for (const { key, value } of section?.entries ?? []) {
      const name = key.toLowerCase();
      if (name.endsWith(commentSuffix) || answered.has(name)) continue;
      const comment = section?.byKey.get(`${name}${commentSuffix}`)?.value;
      if (comment) app.note(comment);
      const answer = await terminal.ask(`${key} [${value}] > `);
      if (answer === undefined) {
        throw new AgentError('E_INTERRUPTED', 'the questions were left; nothing was made');
      }
      if (answer.trim() !== '')
        edits.push({ op: 'set', section: 'env', key, value: answer.trim() });
    }
    return edits;
  } finally {
    terminal.close();
  }
}

/** Lines that come before they are asked for wait, as they do when somebody pastes them. */
function openDialogue(app: App) {
  const output = app.edge.dialogue();
  const terminal = createInterface({ input: app.edge.stdin(), output });
  const early: string[] = [];
  let closed = false;
  let answer: ((line: string | undefined) => void) | undefined;
  const give = (line: string | undefined): void => {
    const waiting = answer;
    answer = undefined;
    if (waiting) waiting(line);
    else if (line !== undefined) early.push(line);
  };
  terminal.on('line', give);
  terminal.on('SIGINT', () => terminal.close());
  terminal.on('close', () => {
    closed = true;
    give(undefined);
  });
  return {
    /** @returns undefined when the operator left */
    ask(question: string): Promise<string | undefined> {
      if (early.length > 0 || closed) {
        output.write(`${question}\n`);
        return Promise.resolve(early.shift());
      }
      terminal.setPrompt(question);
      terminal.prompt();
      return new Promise((resolve) => {
        answer = resolve;
      });
    },
    close: () => terminal.close(),
  };
}
