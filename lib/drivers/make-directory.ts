import { dirname } from 'node:path';
import type { ActionContext } from '../driver/contract.js';
import { factsOf } from './storage-questions.js';

/**
 * Makes a directory with mode 0755 and those above it, as a command: what it lies on may hang. What
 * was made is taken back when the action fails, as far as it is empty.
 *
 * @throws CommandError, AgentError `E_SILENT`
 */
export async function makeDirectory(path: string, context: ActionContext): Promise<void> {
  const made: string[] = [];
  for (let at = path; !(await factsOf(context, at)); at = dirname(at)) made.push(at);
  if (made.length === 0) return;
  await context.change(['mkdir', '-p', path], { umask: 0o022 });
  context.undo(async () => {
    await context.change(['rmdir', ...made]);
  });
}
