import type { ActionContext, ReadContext } from '../../driver/contract.js';
import { showCommand } from '../../exec/run.js';

/** Where commands of a synchronisation run. Behind rsh each login takes its time: they go together. */
export interface Side {
  /** All of them as one command line for here; one that fails ends them. */
  argv(...commands: readonly (readonly string[])[]): readonly string[];
}

/** @param node undefined: this node */
export function sideOf({ peers }: Pick<ReadContext, 'peers'>, node?: string): Side {
  return {
    argv(...commands) {
      const [first = []] = commands;
      const all =
        commands.length === 1 ? first : ['sh', '-c', commands.map(showCommand).join(' && ')];
      return node === undefined ? all : peers.argv(node, all);
    },
  };
}

/** Runs commands that change something on one side: here one by one. */
export async function changeOn(
  { node }: { node?: string | undefined },
  commands: readonly (readonly string[])[],
  context: ActionContext,
): Promise<void> {
  if (commands.length === 0) return;
  const lines = node === undefined ? commands : [sideOf(context, node).argv(...commands)];
  for (const argv of lines) await context.change(argv, { shows: 'command', quietErrors: true });
}
