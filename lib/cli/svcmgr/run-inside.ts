/** Tasks inside containers: `svcmgr run` passes them on to the agents there. */
import { AgentError } from '../../errors/agent-error.js';
import { actsHere as acts, tellInside } from '../../service/encap/tell.js';
import type { Service } from '../../service/service.js';
import type { App } from '../app.js';
import type { Args } from '../command.js';
import type { GlobalArgs } from '../global-args.js';
import { type levelOptions, levelsIn } from './level-options.js';
import { surroundingsOf } from './service-console.js';

/** Tasks that agents inside containers run. */
export interface InsideTasks {
  readonly service: Service;
  /** Undefined: all that there are. */
  readonly rids: readonly string[] | undefined;
}

/** Whether tasks of this node are meant. @throws AgentError for containers that cannot be chosen */
export async function actsHere(
  app: App,
  service: Service,
  args: Args<typeof levelOptions> & GlobalArgs,
): Promise<boolean> {
  return acts(service, levelsIn(args), await surroundingsOf(app, args));
}

/** Has the agents run theirs. @returns the worst exit code */
export async function runInside(
  app: App,
  all: readonly InsideTasks[],
  args: Args<typeof levelOptions> & { force: boolean; confirm: boolean; 'dry-run': boolean },
): Promise<number> {
  const around = await surroundingsOf(app, args);
  const interrupt = app.edge.interruption();
  let worst = 0;
  try {
    for (const { service, rids } of all) {
      const rid = rids?.join(',');
      const words = [
        ...['run', ...(rid === undefined ? [] : ['--rid', rid])],
        ...(args.force ? ['--force'] : []),
        ...(args.confirm ? ['--confirm'] : []),
      ];
      try {
        await tellInside(service, words, around, {
          ...{ ...levelsIn(args), rid, dryRun: args['dry-run'] },
          ...{ signal: interrupt.signal, timeoutMs: 0 },
        });
      } catch (error) {
        if (!(error instanceof AgentError)) throw error;
        app.note(`svcmgr: ${error.message}`);
        worst = Math.max(worst, error.exitCode);
      }
    }
  } finally {
    interrupt.stop();
  }
  return worst;
}
