/** task.host: a command on the host, run on schedule or by hand. */
import { defineKeywords, type Values } from '../../config/keyword.js';
import { defineDriver, type RunContext } from '../../driver/contract.js';
import { argvOfCommand } from '../../task/command-text.js';
import { limitKeywords, limitsOf } from '../limit-keywords.js';
import { environmentObjectKeywords, objectWarnings, refuseObjects } from '../object-keywords.js';
import { taskKeywords } from './keywords.js';
import { assignments, runTask, type TaskProgram } from './run-task.js';

const keywords = defineKeywords({
  ...taskKeywords,
  command: {
    kind: 'string',
    required: true,
    scopable: true,
    command: true,
    text: 'The command. A shell runs it when it holds |, && or ;, else its words are executed without any expansion.',
  },
  user: {
    kind: 'string',
    scopable: true,
    text: 'Account that runs the command. Default: that of the agent.',
  },
  group: { kind: 'string', scopable: true, text: 'Group that runs the command.' },
  cwd: { kind: 'path', default: '/', scopable: true, text: 'Working directory.' },
  umask: { kind: 'string', scopable: true, text: 'File mode mask, octal.' },
  environment: {
    kind: 'shlex',
    scopable: true,
    text: 'Words NAME=VALUE added to the environment of the command.',
  },
  ...environmentObjectKeywords,
  ...limitKeywords,
});

type Keywords = Values<typeof keywords>;

export default defineDriver<Keywords>({
  id: 'task.host',
  describe: 'A command on the host, run on schedule or by hand.',
  keywords,
  label: ({ command }) => (command.length > 60 ? `${command.slice(0, 57)}...` : command),

  warnings: objectWarnings,

  async run(kw, context) {
    refuseObjects(kw);
    const main = programOf(kw, kw.command, context);
    const onError = kw.on_error ? programOf(kw, kw.on_error, context) : undefined;
    return runTask(kw, { main, onError }, context);
  },
});

function programOf(
  kw: Keywords,
  command: string,
  { environment, processGroup }: RunContext,
): TaskProgram {
  return {
    argv: argvOfCommand(command),
    options: {
      ...processGroup,
      cwd: kw.cwd,
      limits: limitsOf(kw),
      env: { ...environment, LANG: 'C', ...assignments(kw.environment ?? []) },
      ...(kw.user !== undefined && { user: kw.user }),
      ...(kw.group !== undefined && { group: kw.group }),
      ...(kw.umask !== undefined && { umask: Number.parseInt(kw.umask, 8) }),
    },
  };
}
