import { splitShellWords } from '../config/shlex.js';

/**
 * The argv of a command-valued keyword: a shell when the text holds a pipe, `&&` or `;`, else its
 * words without any expansion (`spec` of triggers, docs/configuration.md).
 *
 * @throws AgentError `E_SHLEX` for an unclosed quote
 */
export function argvOfCommand(text: string): string[] {
  return /[|;]|&&/.test(text) ? ['/bin/sh', '-c', text] : splitShellWords(text);
}
