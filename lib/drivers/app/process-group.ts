/** What all programs of the host share: where they run, and that this place can be frozen. */
import type { ActionContext, Driver, ReadContext, StatusReport } from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';
import { freezeGroup, isGroupFrozen, killGroupAt } from '../../exec/named-groups.js';

/** `pg freeze|thaw|kill` of one resource. */
export const processGroupVerbs: NonNullable<Driver['processGroup']> = {
  freeze: (_kw, context) => change('frozen', context),
  thaw: (_kw, context) => change('thawed', context),
  async kill(_kw, context) {
    const { cgroup } = context.processGroup();
    if (!cgroup) return;
    await context.act(`kill ${cgroup}`, async () => {
      const pids = await killGroupAt(cgroup);
      context.log.info(pids.length === 0 ? 'no process was left' : `killed ${pids.join(' ')}`);
    });
  },
};

/** A frozen program answers nobody: its status is not asked for. */
export function whileFrozen(context: ReadContext): StatusReport | undefined {
  if (!isFrozen(context)) return undefined;
  return { status: 'n/a', notes: [{ level: 'info', text: 'its process group is frozen' }] };
}

/** @throws AgentError `E_FROZEN`: what joins a frozen group stands still with it */
export function refuseFrozen(context: ReadContext): void {
  if (!isFrozen(context)) return;
  const { rid, service } = context;
  throw new AgentError('E_FROZEN', `${rid}: its process group is frozen`, {
    remedy: `svcmgr -s ${service.scope} pg thaw`,
  });
}

function isFrozen(context: ReadContext): boolean {
  const { cgroup } = context.processGroup();
  return cgroup !== undefined && cgroup !== false && isGroupFrozen(cgroup);
}

async function change(wanted: 'frozen' | 'thawed', context: ActionContext): Promise<void> {
  const { cgroup } = context.processGroup();
  if (!cgroup) return;
  const verb = wanted === 'frozen' ? 'freeze' : 'thaw';
  await context.act(`${verb} ${cgroup}`, () => {
    if (!freezeGroup(cgroup, wanted)) context.log.info('no program has run in it yet');
  });
}
