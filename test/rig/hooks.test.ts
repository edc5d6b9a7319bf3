/** Hooks and pings through a real HTTP server: nothing of them changes a result, nothing gets lost. */
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { waitFor } from '../support/program.js';
import { createRoot, type TestRoot } from '../support/root.js';
import { change, query, quiet, quietNode, runsOf, tickIn } from './rig.js';

interface Ping {
  path: string;
  rid: string | null;
  body: string;
}

async function pingServer(port = 0): Promise<{ server: Server; port: number; pings: Ping[] }> {
  const pings: Ping[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      const url = new URL(request.url ?? '', 'http://x');
      pings.push({ path: url.pathname, rid: url.searchParams.get('rid'), body });
      response.end('ok');
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { server, port: (server.address() as AddressInfo).port, pings };
}

/** Lets every message that waits for its next try be due. */
function wakeMessages(root: TestRoot): void {
  change(root.paths, 'UPDATE outbox SET next_try = 0, lease_until = NULL');
}

/** Makes the tasks of the day due again. */
function again(root: TestRoot): void {
  change(
    root.paths,
    `UPDATE last_run SET last_at = 1, slot_at = 1;
     UPDATE run SET epoch = epoch - 1;
     UPDATE task SET next_due = next_due - 172800000 WHERE next_due IS NOT NULL`,
  );
}

const kinds = [
  ['ok', "/bin/sh -c 'echo fine; exit 0'", ''],
  ['three', "/bin/sh -c 'echo bad; exit 3'", ''],
  ['slow', '/bin/sleep 60', 'timeout = 1s\n'],
] as const;

function pinging(port: number): string {
  return kinds
    .map(
      ([name, command, more]) =>
        `[task#${name}]\ncommand = ${command}\nschedule = *\nping_url = http://127.0.0.1:${port}/${name}\n${more}`,
    )
    .join('');
}

test('pings: a server sees start and exit status for 0, 3 and timeout, with the output', async () => {
  const { port, pings } = await pingServer();
  const root = createRoot({ 'node.conf': quietNode, 'web.conf': pinging(port) });
  await tickIn(root.directory);
  await quiet(root.directory);
  const of = (name: string) => pings.filter(({ path }) => path.startsWith(`/${name}/`));
  expect(of('ok').map(({ path }) => path)).toEqual(['/ok/start', '/ok/0']);
  expect(of('three').map(({ path }) => path)).toEqual(['/three/start', '/three/3']);
  expect(of('slow').map(({ path }) => path)).toEqual(['/slow/start', '/slow/124']);
  expect(of('three')[1]?.body).toBe('bad\n');
  for (const [name] of kinds) {
    const [start, end] = of(name);
    expect(start?.rid).toMatch(/^[0-9a-f-]{36}$/);
    expect(end?.rid).toBe(start?.rid);
  }
  expect(query(root.paths, 'SELECT id FROM outbox')).toEqual([]);
}, 60_000);

test('pings with the server down: result and duration unchanged; later each arrives once, in order', async () => {
  const { server, port, pings } = await pingServer();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  const task = (ping: string): string =>
    `[task#1]\ncommand = /bin/sleep 0.3\nschedule = *\n${ping}`;
  const root = createRoot({
    'node.conf': quietNode,
    'plain.conf': task(''),
    'web.conf': task(`ping_url = http://127.0.0.1:${port}/web\n`),
    'db.conf': task(`ping_url = http://127.0.0.1:${port}/db\n`),
  });
  for (let round = 0; round < 3; round++) {
    if (round > 0) again(root);
    await tickIn(root.directory);
    await quiet(root.directory);
  }
  const runs = runsOf(root.paths).filter(({ state }) => state !== 'missed');
  expect(runs.map(({ state }) => state)).toEqual(Array.from({ length: 9 }, () => 'ok'));
  const duration = (scope: string): number =>
    Math.min(
      ...runs
        .filter((row) => row.scope === scope)
        .map(({ started_at, ended_at }) => (ended_at ?? 0) - (started_at ?? 0)),
    );
  console.info(
    `durations: ${['plain', 'web', 'db'].map((scope) => `${scope} ${duration(scope)} ms`)}`,
  );
  expect(Math.abs(duration('web') - duration('plain'))).toBeLessThan(50);
  expect(pings).toEqual([]);
  expect(query(root.paths, 'SELECT id FROM outbox')).toHaveLength(12);

  // Ticks while it is down do not start anything before the next try is due.
  const [wait] = query<{ next: number }>(root.paths, 'SELECT min(next_try) AS next FROM outbox');
  expect(wait?.next).toBeGreaterThan(Date.now());

  const revived = await pingServer(port);
  wakeMessages(root);
  await tickIn(root.directory);
  await waitFor(() => (revived.pings.length >= 12 ? true : undefined), 'twelve pings');
  await quiet(root.directory);
  const round = (name: string): string[] => [`/${name}/start`, `/${name}/0`];
  for (const name of ['web', 'db']) {
    const seen = revived.pings.filter(({ path }) => path.startsWith(`/${name}/`));
    expect(seen.map(({ path }) => path)).toEqual([...round(name), ...round(name), ...round(name)]);
    expect(new Set(seen.map(({ rid }) => rid)).size).toBe(3);
  }
  await tickIn(root.directory);
  await quiet(root.directory);
  expect(revived.pings).toHaveLength(12);
}, 60_000);

test('an answer without end counts as delivered; what is no HTTP address is told', async () => {
  const server = createServer((_request, response) => {
    response.write('x');
    setInterval(() => response.write('x'.repeat(1000)), 10).unref();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const task = (url: string): string =>
    `[task#1]\ncommand = /bin/true\nschedule = *\nping_url = ${url}\n`;
  const root = createRoot({
    'node.conf': quietNode,
    'web.conf': task(`http://127.0.0.1:${port}/web`),
    'odd.conf': task('hc.example:80/odd'),
  });
  await tickIn(root.directory);
  await quiet(root.directory);
  const left = query<{ key: string; last_error: string | null }>(
    root.paths,
    'SELECT key, last_error FROM outbox ORDER BY id',
  );
  expect(left).toEqual([
    { key: 'odd task#1 task#1', last_error: 'ping_url is not an HTTP(S) address' },
    { key: 'odd task#1 task#1', last_error: null },
  ]);
}, 60_000);

test('a server that accepts and never answers does not keep the ledger waiting', async () => {
  const server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const root = createRoot({
    'node.conf': quietNode,
    'web.conf': `[task#1]\ncommand = /bin/true\nschedule = *\nping_url = http://127.0.0.1:${port}/web\n`,
  });
  await tickIn(root.directory);
  const row = await waitFor(
    () => runsOf(root.paths).find(({ state }) => state === 'ok'),
    'the end of the run',
  );
  expect((row.ended_at ?? 0) - (row.started_at ?? 0)).toBeLessThan(2000);
  await quiet(root.directory);
  const [message] = query<{ tries: number; last_error: string }>(
    root.paths,
    'SELECT tries, last_error FROM outbox ORDER BY id LIMIT 1',
  );
  expect(message).toMatchObject({
    tries: 1,
    last_error: expect.stringContaining('does not answer'),
  });
}, 60_000);

test('one refused address does not hold up the others of its server; a server that is down is asked once', async () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url?.split('?')[0] ?? '');
    response.statusCode = request.url?.startsWith('/gone/') ? 404 : 200;
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const names = ['gone', ...Array.from({ length: 8 }, (_, n) => `t${n}`)];
  const root = createRoot({
    'node.conf': quietNode,
    'web.conf': names
      .map(
        (name) =>
          `[task#${name}]\ncommand = /bin/true\nschedule = *\nping_url = http://127.0.0.1:${port}/${name}\n`,
      )
      .join(''),
  });
  await tickIn(root.directory);
  await quiet(root.directory);
  expect(asked.filter((path) => path.startsWith('/t'))).toHaveLength(16);
  expect(asked.filter((path) => path.startsWith('/gone'))).toEqual(['/gone/start']);

  await new Promise<void>((resolve) => server.close(() => resolve()));
  again(root);
  wakeMessages(root);
  await tickIn(root.directory);
  await quiet(root.directory);
  const log = readFileSync(join(root.paths.log, 'node.log'), 'utf8');
  expect(log.match(/does not answer/g)).toHaveLength(1);
  const [due] = query<{ n: number }>(
    root.paths,
    `SELECT count(*) AS n FROM outbox WHERE next_try <= ${Date.now()}`,
  );
  expect(due?.n).toBe(0);
}, 60_000);

test('hooks: on_success, on_failure, on_recovered and on_missed run with their environment', async () => {
  const root = createRoot({ 'node.conf': quietNode });
  const told = join(root.directory, 'told');
  const script = root.write(
    'tell.sh',
    `echo "$1 $OPENSVC_RUN_SCOPE $OPENSVC_RUN_ACTION $OPENSVC_RUN_SECTION $OPENSVC_RUN_STATE $OPENSVC_RUN_EXIT_CODE id=$OPENSVC_RUN_ID slot=$OPENSVC_RUN_SLOT" >> ${told}\n`,
  );
  const conf = (command: string): string =>
    `[task#1]\ncommand = ${command}\nschedule = *\n${['on_success', 'on_failure', 'on_recovered', 'on_missed'].map((hook) => `${hook} = /bin/sh ${script} ${hook}\n`).join('')}`;
  root.write('web.conf', conf("/bin/sh -c 'exit 3'"));
  const round = async (): Promise<void> => {
    await tickIn(root.directory);
    await quiet(root.directory);
  };
  await round();
  root.write('web.conf', conf('/bin/true'));
  again(root);
  await round();
  again(root);
  await round();

  const lines = readFileSync(told, 'utf8').trim().split('\n');
  const words = lines.map((line) => line.split(' '));
  expect(words.map(([hook]) => hook)).toEqual([
    'on_failure',
    'on_missed',
    'on_success',
    'on_recovered',
    'on_missed',
    'on_success',
  ]);
  expect(lines[0]).toMatch(/^on_failure web task#1 task#1 failed 3 id=1 slot=\d{4}-\d\d-\d\dT/);
  expect(lines[1]).toMatch(/^on_missed web task#1 task#1 missed {2}id= slot=/);
  expect(lines[2]).toMatch(/^on_success web task#1 task#1 ok 0 id=\d+ slot=/);
}, 60_000);

test('a hook that fails or hangs is told in the log and changes nothing', async () => {
  const root = createRoot({
    'node.conf': quietNode,
    'web.conf':
      '[task#1]\ncommand = /bin/true\nschedule = *\non_success = /bin/false\n[task#2]\ncommand = /bin/true\nschedule = *\non_success = /does/not/exist\n',
  });
  await tickIn(root.directory);
  await quiet(root.directory);
  expect(runsOf(root.paths).map(({ state }) => state)).toEqual(['ok', 'ok']);
  expect(query(root.paths, 'SELECT id FROM outbox')).toEqual([]);
  const log = readFileSync(join(root.paths.log, 'node.log'), 'utf8');
  expect(log.match(/hook (failed|could not be run)/g)).toHaveLength(2);
  expect(log).not.toMatch(/\n\s+at /);
}, 60_000);

test('catchup = all:3: the runs go in order, one after the other, each with its own slot', async () => {
  const root = createRoot({ 'node.conf': quietNode });
  const told = join(root.directory, 'told');
  root.write(
    'web.conf',
    `[task#1]\ncommand = /bin/sh -c 'echo begin $OPENSVC_SLOT_BEGIN >> ${told}; sleep 0.2; echo end $OPENSVC_SLOT_END >> ${told}'\nschedule = @10\ncatchup = all:3\n`,
  );
  await tickIn(root.directory);
  await quiet(root.directory);
  change(
    root.paths,
    `UPDATE task SET next_due = next_due - 7200000;
     UPDATE last_run SET last_at = last_at - 7800000, slot_at = slot_at - 7800000;
     UPDATE run SET epoch = -1`,
  );
  await tickIn(root.directory);
  await quiet(root.directory);
  const lines = readFileSync(told, 'utf8').trim().split('\n').slice(2);
  expect(lines.map((line) => line.split(' ')[0])).toEqual([
    'begin',
    'end',
    'begin',
    'end',
    'begin',
    'end',
  ]);
  const instants = lines.map((line) => Date.parse(line.split(' ')[1] ?? ''));
  const begins = instants.filter((_, n) => n % 2 === 0);
  const ends = instants.filter((_, n) => n % 2 === 1);
  expect(begins.map((begin, n) => (begins[n + 1] ?? begin + 600_000) - begin)).toEqual([
    600_000, 600_000, 600_000,
  ]);
  expect(ends.slice(0, 2)).toEqual(begins.slice(1));
  const states = runsOf(root.paths).map(({ state }) => state);
  expect(states.filter((state) => state === 'ok')).toHaveLength(4);
}, 60_000);
