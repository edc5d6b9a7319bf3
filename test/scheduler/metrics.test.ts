import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeMetrics } from '../../lib/scheduler/metrics.js';
import { createWorld, ending } from './world.js';

const ten = Date.UTC(2026, 2, 3, 9);
const conf = '[task#1]\ncommand = x\nschedule = @10\n';

/** Faults of a text in the exposition format 0.0.4; none when it can be read. */
const faultsOf = `
  const line = /^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\\{[a-z_]+="([^"\\\\\\n]|\\\\.)*"(,[a-z_]+="([^"\\\\\\n]|\\\\.)*")*\\})? -?[0-9.e+]+)$/;
  function faultsOf(text) {
    if (!text.endsWith('\\n')) return ['cut'];
    return text.slice(0, -1).split('\\n').filter((one) => !line.test(one));
  }`;

function faults(text: string): string[] {
  return new Function(`${faultsOf}; return faultsOf`)()(text);
}

test('the Prometheus text names each task with its times, and counts slots by state', async () => {
  const world = createWorld({
    start: ten,
    files: { 'web.conf': conf, 'we"b.conf': conf },
    work: ending('ok'),
  });
  await world.tick(ten + 1000);
  await world.tick(ten + 3 * 3_600_000);
  const file = join(world.paths.run, 'nodemgr.prom');
  writeMetrics(world.store, file, 'node1', world.now);
  const text = readFileSync(file, 'utf8');
  expect(faults(text)).toEqual([]);
  const labels = '{scope="web",action="task#1",section="task#1"}';
  expect(text).toContain(
    `nodemgr_task_last_start_seconds${labels} ${(ten + 3 * 3_600_000) / 1000}\n`,
  );
  expect(text).toContain(`nodemgr_task_last_exit_code${labels} 0\n`);
  expect(text).toContain(`nodemgr_task_last_duration_seconds${labels} 0\n`);
  expect(text).toContain('nodemgr_runs_total{state="ok"} 4\n');
  expect(text).toContain('nodemgr_runs_total{state="missed"} 34\n');
  expect(faults(`${text}nodemgr_x{a="b} 1\n`)).toHaveLength(1);
});

test('the Prometheus file: 1,000 reads during 1,000 writes parse', async () => {
  const world = createWorld({ start: ten, files: { 'web.conf': conf } });
  await world.tick(ten + 1000);
  const file = join(world.paths.run, 'nodemgr.prom');
  writeMetrics(world.store, file, 'node1', world.now);
  const reader = spawn(
    process.execPath,
    [
      '-e',
      `const { readFileSync } = require('node:fs'); ${faultsOf}
       console.log('begun');
       let faults = 0, reads = 0;
       const read = () => {
         faults += faultsOf(readFileSync(process.argv[1], 'utf8')).length;
         if (++reads < 1000) setTimeout(read, 1); else console.log(JSON.stringify({ reads, faults }));
       };
       read();`,
      file,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let said = '';
  reader.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await once(reader.stdout, 'data');
  let isOver = false;
  const over = once(reader, 'exit').then(() => {
    isOver = true;
  });
  let writes = 0;
  for (; writes < 1000 || !isOver; writes++) {
    writeMetrics(world.store, file, 'node1', world.now + writes);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await over;
  expect(JSON.parse(said.split('\n')[1] ?? '')).toEqual({ reads: 1000, faults: 0 });
  expect(writes).toBeGreaterThanOrEqual(1000);
}, 60_000);

test('a metrics file that cannot be written is told and stops nothing', async () => {
  const world = createWorld({
    start: ten,
    files: { 'web.conf': conf },
    work: ending('ok'),
  });
  const node = readFileSync(join(world.paths.etc, 'node.conf'), 'utf8');
  world.write('node.conf', `${node}[node]\nmetrics_textfile = /does/not/exist/nodemgr.prom\n`);
  await world.tick(ten + 1000);
  expect(world.rows().map(({ state }) => state)).toEqual(['ok']);
  const log = readFileSync(join(world.paths.log, 'node.log'), 'utf8');
  expect(log).toMatch(/metrics_textfile cannot be written .*ENOENT/);
});
