import { join } from 'node:path';
import { defineKeywords, type Values } from '../../config/keyword.js';

/** How the agent inside a container is reached (spec service 8.5). */
export const agentKeywords = defineKeywords({
  rcmd: {
    kind: 'shlex',
    scopable: true,
    text: 'What stands before a command to run it inside: `lxc-attach -n web --`. Standard input is passed on.',
  },
  osvc_root_path: {
    kind: 'path',
    scopable: true,
    text: 'Where the agent is installed inside: `<path>/bin/svcmgr`. Default: `svcmgr` is found there.',
  },
});

type AgentKeywords = Values<typeof agentKeywords>;

/** The program that is the agent inside. */
export function innerSvcmgr({
  osvc_root_path: root,
}: Pick<AgentKeywords, 'osvc_root_path'>): string {
  return root === undefined ? 'svcmgr' : join(root, 'bin', 'svcmgr');
}
