/** nodemgr show run: everything the ledger knows of one run, with the tails of its output. */
import { AgentError } from '../../errors/agent-error.js';
import { runTable } from '../../store/runs.js';
import { defineCommand } from '../command.js';
import { wholeNumber } from '../parse.js';
import { type RunDocument, runDocument, runShape } from '../run-shape.js';
import { defineShape } from '../shape.js';
import { localSecond } from '../when.js';

type FullRun = RunDocument & { stdout: string | null; stderr: string | null };

const fullRunShape = defineShape<FullRun>({
  schema: 'nodemgr.run_detail.1',
  describe: 'One row of the ledger with the tails of its output (`show run`).',
  fields: {
    ...runShape.fields,
    stdout: { type: 'string | null', describe: 'tail of the standard output' },
    stderr: { type: 'string | null', describe: 'tail of the standard error' },
  } as never,
});

export default defineCommand({
  options: {},
  operands: [{ name: 'ID', describe: 'number from `print runs`', required: true }],
  examples: [['$0 show run 42', 'why run 42 failed']],
  async run(app, args) {
    const id = wholeNumber(args.operands[0]) ?? Number.NaN;
    const row = Number.isNaN(id) ? undefined : runTable(await app.store()).get(id);
    if (!row) {
      throw new AgentError('E_NO_RUN', `no run ${args.operands[0]} in the ledger`, {
        remedy: 'see `nodemgr print runs`; old rows leave the ledger after node.history_max_age',
      });
    }
    const run: FullRun = { ...runDocument(row), stdout: row.stdout, stderr: row.stderr };
    await app.emit({ schema: fullRunShape.schema, data: run, text: () => describe(run) }, args);
    return 0;
  },
});

function describe(run: FullRun): string {
  const instant = (text: string | null): string =>
    text === null ? '-' : (localSecond(Date.parse(text)) ?? '-');
  const facts: [string, string | number | null][] = [
    ['run', run.id],
    ['task', `${run.object} ${run.action} (${run.section})`],
    ['state', run.state],
    ['reason', run.reason],
    ['origin', run.origin],
    ['slot', run.slot_begin && `${instant(run.slot_begin)} to ${instant(run.slot_end)}`],
    ['started', instant(run.started_at)],
    ['late by', run.lateness_ms === null ? null : `${(run.lateness_ms / 1000).toFixed(1)}s`],
    ['took', run.duration_ms === null ? null : `${(run.duration_ms / 1000).toFixed(3)}s`],
    ['exit code', run.exit_code ?? run.signal],
    ['usage', run.usage && JSON.stringify(run.usage)],
    ['log', run.log],
  ];
  const lines = facts
    .filter(([, value]) => value !== null && value !== '')
    .map(([name, value]) => `${name.padEnd(10)} ${value}`);
  for (const name of ['stdout', 'stderr'] as const) {
    const text = run[name];
    if (text) lines.push(`--- ${name}`, text.replace(/\n$/, ''));
  }
  return `${lines.join('\n')}\n`;
}
