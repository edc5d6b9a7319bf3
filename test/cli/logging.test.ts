/** What actions leave in the log of a service and in the system log, through the built program. */
import { execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, onTestFinished, test } from 'vitest';
import { packageRoot } from '../../lib/env/package-root.js';
import { lacks } from '../support/can.js';
import { cronEnvironment, runProgram, waitFor } from '../support/program.js';
import { createRoot, type TestRoot } from '../support/root.js';
import { quietNode } from './programs.js';

const svcmgr = (root: TestRoot, ...argv: string[]) =>
  runProgram('svcmgr', argv, { root: root.directory });
const logOf = (root: TestRoot, name = 'web'): string[] =>
  readFileSync(join(root.paths.log, `${name}.log`), 'utf8')
    .trimEnd()
    .split('\n');
/** Messages without time and node. */
const messages = (lines: readonly string[]): string[] =>
  lines.map((line) => line.replace(/^\S+ \S+ - [^.]+\./, ''));
const flag = '[fs#1]\ntype = flag\n';
const closing = (action: string, code: number) =>
  expect.stringMatching(`^web - INFO - ${action} done in 0:00:\\d\\d\\.\\d{6} - ret ${code}$`);

describe('the first and the last line of an action', () => {
  test('the equivalent command line with its origin; action, duration, return code; no console', async () => {
    const root = createRoot({ 'web.conf': flag });
    const { stdout, stderr } = await svcmgr(root, 'web', 'start', '--rid', 'fs#1', '-f');
    expect(stdout + stderr).toMatch(/^\S+\.web\.fs#1 create \S+\n$/);
    expect(messages(logOf(root))).toEqual([
      "web - INFO - do svcmgr -s web start --rid 'fs#1' --force (user origin)",
      expect.stringMatching(/^web\.fs#1 - INFO - create /),
      closing('start', 0),
    ]);
  });

  test('one pair for an action of several walks, none for a dry run and for what only reads', async () => {
    const root = createRoot({ 'web.conf': flag });
    await svcmgr(root, 'web', 'restart', '--dry-run');
    await svcmgr(root, 'web', 'print', 'status');
    expect(existsSync(root.paths.log)).toBe(false);
    await svcmgr(root, 'web', 'restart', '--cron');
    const lines = messages(logOf(root));
    expect(lines.filter((line) => / do | done in /.test(line))).toEqual([
      'web - INFO - do svcmgr -s web restart --cron --waitlock 0s (cron origin)',
      closing('restart', 0),
    ]);
  });

  test('what refused an action is told with its code', async () => {
    const root = createRoot({ 'web.conf': flag });
    await svcmgr(root, 'web', 'freeze');
    expect((await svcmgr(root, 'web', 'start')).code).toBe(1);
    expect(messages(logOf(root))).toEqual([
      'web - INFO - do svcmgr -s web freeze (user origin)',
      closing('freeze', 0),
      'web - INFO - do svcmgr -s web start (user origin)',
      'web - ERROR - web: it is frozen; start is refused',
      closing('start', 1),
    ]);
  });

  test('a change of the configuration is told by its keywords, not by its values', async () => {
    const root = createRoot({ 'web.conf': `${flag}[env]\nold = 1\n` });
    await svcmgr(root, 'web', 'set', 'env.db_password=hunter2', 'fs#1.comment=x', '--dry-run');
    await svcmgr(root, 'web', 'set', 'env.db_password=hunter2', 'fs#1.comment=x');
    await svcmgr(root, 'web', 'unset', 'env.old');
    await svcmgr(root, 'web', 'delete', '--rid', 'env');
    expect(messages(logOf(root))).toEqual([
      'web - INFO - configuration changed: set env.db_password, set fs#1.comment (user origin)',
      'web - INFO - configuration changed: unset env.old (user origin)',
      'web - INFO - configuration changed: remove [env] (user origin)',
    ]);
  });

  test('clear, abort and marks are told as well', async () => {
    const root = createRoot({ 'web.conf': flag });
    for (const word of ['clear', 'abort', 'set_provisioned']) await svcmgr(root, 'web', word);
    expect(messages(logOf(root))).toEqual(
      ['clear', 'abort', 'set_provisioned'].flatMap((word) => [
        `web - INFO - do svcmgr -s web ${word} (user origin)`,
        closing(word, 0),
      ]),
    );
  });
});

test('secrets of a service are masked in its log and on the console', async () => {
  const root = createRoot({
    'web.conf': `[DEFAULT]
pre_start = echo the hunter2 is {env.db_password} ; and
[env]
db_password = hunter2
[app#1]
type = simple
start = /bin/echo --password s3same --creds joe:m3llon TOKEN=tok3n TOKEN_FILE=/etc/t0ken
[app#2]
type = forking
start = echo hunter2 s3same m3llon tok3n /etc/t0ken; true
[task#1]
command = echo task hunter2
environment = API_KEY=hunter2
`,
  });
  const { stdout, stderr } = await svcmgr(
    root,
    'web',
    'start',
    '--env',
    'SECRET=op3n',
    '--rid',
    'app#2',
  );
  await svcmgr(root, 'web', 'run', '--rid', 'task#1');
  const log = logOf(root).join('\n');
  for (const text of [stdout + stderr, log]) {
    expect(text).toContain('xxx xxx xxx xxx /etc/t0ken');
    expect(text).not.toMatch(/hunter2|s3same|m3llon|tok3n|op3n/);
  }
  expect(log).toContain('--env SECRET=xxx (user origin)');
  expect(log).toContain('| task xxx');
});

const perlServer = `
use IO::Socket::UNIX; use Socket; $| = 1;
my $s = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $ARGV[0]) or die; print "ready\\n";
while (defined recv($s, my $m, 65536, 0)) { $m =~ s/[\\n\\0]+$//; print "$m\\n"; }`;

/** A syslog daemon at a datagram socket, as far as it receives. */
async function daemonAt(socket: string): Promise<string[]> {
  const child = spawn('perl', ['-e', perlServer, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const received: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => received.push(line));
  await waitFor(() => received.shift(), 'the daemon');
  return received;
}

const received = (lines: readonly string[], count: number): Promise<string[]> =>
  waitFor(() => (lines.length >= count ? [...lines] : undefined), `${count} records`);

describe.skipIf(lacks('logger', 'perl'))('the system log', () => {
  test('records reach the socket of the daemon, with facility, level and source', async () => {
    const root = createRoot({ 'web.conf': flag });
    const socket = join(root.directory, 'log.sock');
    root.write('node.conf', `[syslog]\nfacility = local3\nsocket = ${socket}\n`);
    const lines = await daemonAt(socket);
    expect((await svcmgr(root, 'web', 'start')).code).toBe(0);
    const text = (await received(lines, 3)).join('\n');
    expect(text).toMatch(/^<158>.* nodemgr\[\d+\]: web do svcmgr -s web start \(user origin\)$/m);
    expect(text).toMatch(/^<158>.* nodemgr\[\d+\]: web\.fs#1 create /m);
    expect(text).toMatch(/^<158>.* nodemgr\[\d+\]: web start done in .* - ret 0$/m);
    await svcmgr(root, 'web', 'freeze');
    await svcmgr(root, 'web', 'stop');
    const later = (await received(lines, 8)).at(-2);
    expect(later).toMatch(/^<155>.* web web: it is frozen; stop is refused$/);
  });

  test('level keeps lower records away; nothing is sent by a dry run', async () => {
    const root = createRoot({ 'web.conf': flag });
    const socket = join(root.directory, 'log.sock');
    root.write('node.conf', `[syslog]\nlevel = error\nsocket = ${socket}\n`);
    const lines = await daemonAt(socket);
    await svcmgr(root, 'web', 'freeze');
    await svcmgr(root, 'web', 'start', '--dry-run', '--force');
    await svcmgr(root, 'web', 'start');
    expect(await received(lines, 1)).toEqual([
      expect.stringMatching(/^<27>.* web web: it is frozen; start is refused$/),
    ]);
  });

  test('another host over UDP', async () => {
    const server = createSocket('udp4');
    onTestFinished(() => void server.close());
    const lines: string[] = [];
    server.on('message', (message) => lines.push(message.toString()));
    server.bind(0, '127.0.0.1');
    await once(server, 'listening');
    const root = createRoot({
      'web.conf': flag,
      'node.conf': `[syslog]\nhost = 127.0.0.1\nport = ${server.address().port}\n`,
    });
    await svcmgr(root, 'web', 'start');
    const text = (await received(lines, 3)).join('\n');
    expect(text).toMatch(/^<30>.* nodemgr\[\d+\]: web\.fs#1 create /m);
  });

  test.each([
    ['no socket', 'socket = /no/such/socket\nport = 9'],
    ['a host that has no address', 'host = no.such.host.invalid'],
  ])('a missing daemon changes nothing: %s', async (_, text) => {
    const root = createRoot({ 'web.conf': flag, 'node.conf': `[syslog]\n${text}\n` });
    const { stdout, stderr, code } = await svcmgr(root, 'web', 'start');
    expect({ stdout, stderr, code }).toEqual({
      stdout: expect.stringMatching(/create/),
      stderr: '',
      code: 0,
    });
    expect(messages(logOf(root)).at(-1)).toEqual(closing('start', 0));
  });

  test('a daemon that reads nothing does not hold an action up', async () => {
    const root = createRoot({
      'web.conf': `${flag}pre_start = head -c 3000000 /dev/zero \\| tr '\\\\0' x \\| fold -w 4000\n`,
    });
    const socket = join(root.directory, 'log.sock');
    root.write('node.conf', `[syslog]\nsocket = ${socket}\n`);
    const script = `use IO::Socket::UNIX; $| = 1;
      my $s = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $ARGV[0]); print "ready\\n"; sleep 600`;
    const child = spawn('perl', ['-e', script, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    expect((await svcmgr(root, 'web', 'start')).code).toBe(0);
    expect(messages(logOf(root)).at(-1)).toEqual(closing('start', 0));
  });

  test.skipIf(lacks('strace'))(
    'no program is started without the section, and none by an idle tick with it',
    async () => {
      const root = createRoot({ 'web.conf': flag, 'node.conf': quietNode });
      const startsLogger = (...words: string[]): boolean => {
        const trace = join(root.directory, 'trace');
        const argv = ['-f', '-qq', '-e', 'trace=execve', '-o', trace, process.execPath, ...words];
        execFileSync('strace', argv, { env: { ...cronEnvironment, NODEMGR_ROOT: root.directory } });
        return readFileSync(trace, 'utf8').includes('"logger"');
      };
      const start = [join(packageRoot, 'dist', 'svcmgr.js'), 'web', 'restart'];
      expect(startsLogger(...start)).toBe(false);
      root.write('node.conf', `${quietNode}[syslog]\nsocket = /no/such\nport = 9\n`);
      expect(startsLogger(...start)).toBe(true);
      const tick = [join(packageRoot, 'dist', 'nodemgr.js'), 'schedulers'];
      startsLogger(...tick);
      expect(startsLogger(...tick)).toBe(false);
    },
  );

  test('values that cannot be used are reported by validate config, and count as not set', async () => {
    const root = createRoot({ 'web.conf': flag });
    const socket = join(root.directory, 'log.sock');
    const text = `[syslog]\nfacility = kitchen\nlevel = loud\nsocket = ${socket}\nhots = n2\n`;
    root.write('node.conf', text);
    const { stdout, code } = await runProgram('nodemgr', ['validate', 'config'], {
      root: root.directory,
    });
    expect(code).toBe(78);
    expect(stdout).toMatch(/facility.*kitchen[\s\S]*level.*loud/);
    expect(stdout).toMatch(/hots.*did you mean host/);
    const lines = await daemonAt(socket);
    await svcmgr(root, 'web', 'start');
    expect((await received(lines, 3)).every((line) => line.startsWith('<30>'))).toBe(true);
  });

  test('the log of the node goes there as well', async () => {
    const root = createRoot();
    const socket = join(root.directory, 'log.sock');
    root.write('node.conf', `[syslog]\nsocket = ${socket}\n`);
    const lines = await daemonAt(socket);
    const spool = join(root.paths.run, 'spool');
    mkdirSync(spool, { recursive: true });
    writeFileSync(join(spool, 'end.7.json'), 'no entry');
    await runProgram('nodemgr', ['schedulers'], { root: root.directory });
    expect((await received(lines, 1))[0]).toMatch(
      /^<27>.* nodemgr\[\d+\]: node spooled run unusable, put aside file=/,
    );
  });

  test('the output of a task, which the ledger records', async () => {
    const root = createRoot({ 'web.conf': '[task#1]\ncommand = echo hello\n' });
    const socket = join(root.directory, 'log.sock');
    root.write('node.conf', `[syslog]\nsocket = ${socket}\n`);
    const lines = await daemonAt(socket);
    await svcmgr(root, 'web', 'run', '--rid', 'task#1');
    expect((await received(lines, 1))[0]).toMatch(/^<30>.*: web\.task#1 \| hello$/);
  });
});
