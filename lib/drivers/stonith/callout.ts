/** stonith.callout: a command that takes a node off, so that its services can start elsewhere. */
import { defineKeywords, type Values } from '../../config/keyword.js';
import { defineDriver } from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';
import { argvOfCommand } from '../../task/command-text.js';

const keywords = defineKeywords({
  cmd: {
    kind: 'string',
    required: true,
    scopable: true,
    command: true,
    text: 'The command. A shell runs it when it holds |, && or ;.',
  },
  target: { kind: 'lower', scopable: true, text: 'The node that it takes off.' },
});

type Keywords = Values<typeof keywords>;

const timeoutMs = 10 * 60_000;

export default defineDriver<Keywords>({
  id: 'stonith.callout',
  describe: 'A command that takes a node off.',
  keywords,
  label: ({ cmd, target }) => (target === undefined ? cmd.slice(0, 60) : `${target}: ${cmd}`),

  async stonith({ cmd, target }, context) {
    if (target === context.nodename) {
      throw new AgentError('E_SELF', `${context.rid}: ${target} is this node`, {
        remedy: 'run it on another node, or correct `target`',
      });
    }
    const env = { ...context.environment, LANG: 'C' };
    await context.change(argvOfCommand(cmd), { timeoutMs, env, streams: true });
  },
});
