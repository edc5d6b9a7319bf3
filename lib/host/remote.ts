import { splitShellWords } from '../config/shlex.js';
import { type Run, type RunOptions, type RunResult, showCommand } from '../exec/run.js';

/** How a command is run on another node, unless `node.rsh` says otherwise (spec service, paths). */
export const defaultRsh =
  '/usr/bin/ssh -q -o StrictHostKeyChecking=no -o ForwardX11=no -o BatchMode=yes -o ConnectTimeout=10';

/** Runs commands on other nodes of a service. */
export interface Peers {
  /** The words before the name of the node. */
  readonly rsh: readonly string[];
  /** The whole command line here, for logs and for tools that call `rsh` themselves. */
  argv(node: string, argv: readonly string[]): string[];
  run(node: string, argv: readonly string[], options?: RunOptions): Promise<RunResult>;
}

/**
 * @param rsh the command line before the node; its words are split, nothing is expanded
 * @throws AgentError `E_SHLEX` for an unclosed quote
 */
export function createPeers(run: Run, rsh = defaultRsh): Peers {
  const words = splitShellWords(rsh);
  // The other side gives one text to its shell: every word is quoted for it.
  const argvOf = (node: string, argv: readonly string[]) => [...words, node, showCommand(argv)];
  return {
    rsh: words,
    argv: argvOf,
    run: (node, argv, options) => run(argvOf(node, argv), options),
  };
}
