/** install: the cron entry or the systemd timer, never both; doctor names what is wrong. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../lib/env/package-root.js';
import { lacks } from '../support/can.js';
import { runProgram } from '../support/program.js';
import { createRoot, type TestRoot } from '../support/root.js';
import { distProgram, shell } from './edge.js';
import { quietNode } from './programs.js';

interface Step {
  action: string;
  target: string;
  content: string | null;
}

const files = (directory: string): string[] =>
  existsSync(directory)
    ? readdirSync(directory, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(directory.length))
        .sort()
    : [];

async function install(root: TestRoot, ...argv: string[]): Promise<Step[]> {
  const { stdout, stderr, code } = await runProgram(
    'nodemgr',
    ['install', '--format', 'json', ...argv],
    { root: root.directory },
  );
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  return JSON.parse(stdout) as Step[];
}
const brief = (steps: readonly Step[], destdir: string): string[] =>
  steps.map(({ action, target }) => `${action} ${target.replace(destdir, '')}`);

const cron = '/etc/cron.d/nodemgr';
const service = '/etc/systemd/system/nodemgr-tick.service';
const timer = '/etc/systemd/system/nodemgr-tick.timer';

describe('install --destdir', () => {
  test('cron and systemd exclude each other, the second run only keeps, --uninstall removes all', async () => {
    const root = createRoot();
    const dest = join(root.directory, 'dest');
    const at = ['--destdir', dest];
    expect(brief(await install(root, '--cron', ...at, '--dry-run'), dest)).toEqual([
      `write ${cron}`,
    ]);
    expect(files(dest)).toEqual([]);
    expect(brief(await install(root, '--cron', ...at), dest)).toEqual([`write ${cron}`]);
    expect(brief(await install(root, '--cron', ...at), dest)).toEqual([`keep ${cron}`]);
    expect(files(dest)).toEqual([cron]);
    expect(brief(await install(root, '--systemd', ...at), dest)).toEqual([
      `remove ${cron}`,
      `write ${service}`,
      `write ${timer}`,
    ]);
    expect(files(dest)).toEqual([service, timer]);
    expect(brief(await install(root, '--systemd', ...at), dest)).toEqual([
      `keep ${service}`,
      `keep ${timer}`,
    ]);
    expect(brief(await install(root, '--cron', ...at), dest)).toEqual([
      `write ${cron}`,
      `remove ${service}`,
      `remove ${timer}`,
    ]);
    expect(files(dest)).toEqual([cron]);
    await install(root, '--systemd', ...at);
    expect(brief(await install(root, '--uninstall', ...at), dest)).toEqual([
      `remove ${service}`,
      `remove ${timer}`,
    ]);
    expect(await install(root, '--uninstall', ...at)).toEqual([]);
    expect(files(dest)).toEqual([]);
    expect(
      await runProgram('nodemgr', ['install', '--cron', '--systemd'], { root: root.directory }),
    ).toMatchObject({ code: 2 });
  });

  test('the cron line is one record for cron and one command for sh, which runs a silent tick', async () => {
    const root = createRoot({ 'node.conf': quietNode });
    const [step] = await install(
      root,
      '--cron',
      '--dry-run',
      '--destdir',
      join(root.directory, 'x'),
    );
    const lines = (step?.content ?? '').split('\n');
    expect(step?.content?.endsWith('\n')).toBe(true);
    const records = lines.filter((line) => line !== '' && !line.startsWith('#'));
    expect(records).toHaveLength(1);
    const [, user, command = ''] = /^\* \* \* \* \* (\S+) (.*)$/.exec(records[0] ?? '') ?? [];
    expect(user).toBe('root');
    expect(command).not.toMatch(/(?<!\\)%/);
    expect(spawnSync('sh', ['-n', '-c', command]).status).toBe(0);
    const result = spawnSync('sh', ['-c', command], {
      env: { PATH: '/usr/bin:/bin', HOME: '/' },
      encoding: 'utf8',
    });
    expect({ out: result.stdout, err: result.stderr, code: result.status }).toEqual({
      out: '',
      err: '',
      code: 0,
    });
    expect(existsSync(join(root.paths.run, 'scan'))).toBe(true);
  });

  test.skipIf(spawnSync('systemd-analyze', ['--version']).status !== 0)(
    'the units pass systemd-analyze verify',
    async () => {
      const root = createRoot();
      const dest = join(root.directory, 'dest');
      await install(root, '--systemd', '--destdir', dest);
      const { status, stdout, stderr } = spawnSync(
        'systemd-analyze',
        ['verify', '--man=no', `${dest}${service}`, `${dest}${timer}`],
        { encoding: 'utf8' },
      );
      const own = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('nodemgr'));
      expect({ status, own }).toEqual({ status: 0, own: [] });
      expect(readFileSync(`${dest}${service}`, 'utf8')).toContain(
        `ExecStart=${join(packageRoot, 'bin', 'tick')}\n`,
      );
    },
  );
});

describe.skipIf(lacks('root', 'mount'))('install as an ordinary user', () => {
  /** Runs as nobody, in a mount namespace whose `crontab` keeps its table in a file of the test. */
  async function asNobody(root: TestRoot, words: string) {
    chmodSync(root.directory, 0o755);
    const own = join(root.directory, 'own');
    mkdirSync(own, { recursive: true });
    chownSync(own, 65534, 65534);
    const table = join(own, 'table');
    const fake = `#!/bin/sh\n[ "$1" = -l ] || exec tee ${table} > /dev/null\n[ ! -e ${table}.error ] || { cat ${table}.error >&2; exit 1; }\ncat ${table} 2> /dev/null || { echo no crontab for nobody >&2; exit 1; }\n`;
    writeFileSync(join(root.directory, 'crontab'), fake, { mode: 0o755 });
    const script = [
      'mount -t tmpfs tmpfs /usr/local/sbin',
      `cp ${join(root.directory, 'crontab')} /usr/local/sbin/`,
      `exec setpriv --reuid=65534 --regid=65534 --clear-groups "$NODE" ${distProgram('nodemgr')} ${words}`,
    ].join('\n');
    const result = await shell(`exec unshare -m sh -ec '${script}'`, {
      root: root.directory,
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/nonexistent' },
    });
    return { ...result, table: existsSync(table) ? readFileSync(table, 'utf8') : undefined };
  }

  function writeTable(root: TestRoot, text: string | Buffer): void {
    const table = join(root.directory, 'own', 'table');
    writeFileSync(table, text);
    chownSync(table, 65534, 65534);
  }

  test('--cron adds one line to the own crontab, keeps the others, replaces an older one, and is idempotent', async () => {
    const root = createRoot();
    const first = await asNobody(root, 'install --cron');
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.table).toMatch(
      /^\* \* \* \* \* \[ -x \S+\/bin\/tick \] && NODEMGR_NODE=\S+ NODEMGR_ROOT=\S+ \S+\/bin\/tick\n$/,
    );
    writeFileSync(
      join(root.directory, 'own', 'table'),
      `# mine\n5 4 * * * /bin/true\n* * * * * /old/nodemgr schedulers\n`,
    );
    const second = await asNobody(root, 'install --cron');
    expect(second.table).toBe(`# mine\n5 4 * * * /bin/true\n${first.table}`);
    const third = await asNobody(root, 'install --cron');
    expect(third.stdout).toMatch(/^keep +crontab$/m);
    expect(third.table).toBe(second.table);
    const gone = await asNobody(root, 'install --uninstall');
    expect(gone.table).toBe('# mine\n5 4 * * * /bin/true\n');
  });

  test('lines that only look like ours stay, and those of another root', async () => {
    const root = createRoot();
    await asNobody(root, 'doctor');
    const others = [
      '0 6 * * * /home/alice/bin/ticket-report',
      '0 7 * * * /home/alice/bin/tick',
      '* * * * * [ -x /opt/nodemgr/bin/tick ] && NODEMGR_NODE=/usr/bin/node /opt/nodemgr/bin/tick',
      '* * * * * NODEMGR_NODE=/usr/bin/node NODEMGR_ROOT=/elsewhere /opt/nodemgr/bin/tick',
    ].map((line) => `${line}\n`);
    writeTable(root, others.join(''));
    expect((await asNobody(root, 'install --cron')).table?.startsWith(others.join(''))).toBe(true);
    expect((await asNobody(root, 'install --uninstall')).table).toBe(others.join(''));
  });

  test.each([
    { made: 'table.error', text: 'crontabs/nobody: Input/output error\n', says: 'Input/output' },
    { made: 'table', text: Buffer.from('# caf\xe9\n', 'latin1'), says: 'not UTF-8' },
  ])('a crontab that cannot be read as a whole is not replaced: $says', async (crontab) => {
    const root = createRoot();
    await asNobody(root, 'doctor');
    const before = Buffer.from(crontab.made === 'table' ? crontab.text : '5 4 * * * /bin/true\n');
    writeTable(root, before);
    writeFileSync(join(root.directory, 'own', crontab.made), crontab.text);
    const refused = await asNobody(root, 'install --cron');
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining(crontab.says) });
    expect(readFileSync(join(root.directory, 'own', 'table')).equals(before)).toBe(true);
  });

  test('--systemd is refused with exit 77 and the way out', async () => {
    const { code, stdout, stderr } = await asNobody(createRoot(), 'install --systemd');
    expect({ code, stdout }).toEqual({ code: 77, stdout: '' });
    expect(stderr).toMatch(/root only\n.*--cron/);
  });
});

interface Finding {
  check: string;
  result: string;
  fact: string;
  remedy: string | null;
}

describe('doctor', () => {
  const findings = (stdout: string): Record<string, Finding> =>
    Object.fromEntries((JSON.parse(stdout) as Finding[]).map((row) => [row.check, row]));
  async function doctor(root: TestRoot) {
    const { stdout, stderr, code } = await runProgram('nodemgr', ['doctor', '--format', 'json'], {
      root: root.directory,
    });
    expect(stderr).toBe('');
    return { code, found: findings(stdout) };
  }

  test('all is well after a tick: facts, and remedies only where something is wrong', async () => {
    const root = createRoot({ 'node.conf': quietNode });
    await runProgram('nodemgr', ['schedulers'], { root: root.directory });
    const { code, found } = await doctor(root);
    expect(code).toBe(0);
    for (const check of [
      'node.js',
      'addon',
      'directories',
      'configuration',
      'last tick',
      'clock',
      'disk',
      'store',
    ]) {
      expect(found[check], check).toMatchObject({ result: 'ok', remedy: null });
    }
    expect(found['node.js']?.fact).toContain(process.versions.node);
    expect(found['addon']?.fact).toContain(`ABI ${process.versions.modules}`);
  });

  test('never ticked: a warning; a stale tick: bad, exit 1, with the remedy', async () => {
    const root = createRoot({ 'node.conf': quietNode });
    expect((await doctor(root)).found['last tick']).toMatchObject({
      result: 'warn',
      remedy: expect.stringContaining('install'),
    });
    await runProgram('nodemgr', ['schedulers'], { root: root.directory });
    const old = Date.now() / 1000 - 600;
    for (const name of readdirSync(root.paths.run))
      utimesSync(join(root.paths.run, name), old, old);
    const { code, found } = await doctor(root);
    expect(code).toBe(1);
    expect(found['last tick']).toMatchObject({
      result: 'bad',
      fact: expect.stringMatching(/^60\d s ago$/),
      remedy: expect.stringContaining('cron'),
    });
  });

  test('a broken node.conf with its line, one that others can write, and a store that is no database', async () => {
    const root = createRoot({ 'node.conf': '[asset\nschedule = @1\n' });
    expect((await doctor(root)).found['configuration']).toMatchObject({
      result: 'bad',
      fact: expect.stringMatching(/node\.conf:1: /),
      remedy: expect.stringContaining('validate config'),
    });
    root.write('node.conf', '[asset]\nschedule = @1\n');
    chmodSync(root.paths.nodeConf, 0o666);
    const { found } = await doctor(root);
    expect(found['configuration']?.result).toBe('bad');
    expect(found['configuration']?.remedy).toContain(`chmod 600 ${root.paths.nodeConf}`);
    chmodSync(root.paths.nodeConf, 0o644);
    const shown = (await doctor(root)).found['configuration'];
    expect(shown).toMatchObject({ result: 'warn', remedy: `chmod 600 ${root.paths.nodeConf}` });
    mkdirSync(root.paths.var, { recursive: true });
    writeFileSync(root.paths.store, 'this is no database'.repeat(100), { mode: 0o600 });
    const broken = await doctor(root);
    expect(broken.code).toBe(1);
    expect(broken.found['store']).toMatchObject({ result: 'bad', remedy: expect.any(String) });
  });

  test('a clock that is behind the store', async () => {
    const root = createRoot({ 'node.conf': quietNode });
    await runProgram('nodemgr', ['schedulers'], { root: root.directory });
    const future = Date.now() / 1000 + 3600;
    utimesSync(root.paths.store, future, future);
    expect((await doctor(root)).found['clock']).toMatchObject({
      result: 'warn',
      fact: expect.stringContaining('future'),
    });
  });

  test.skipIf(lacks('root'))('directories that are not ours: bad, with the way out', async () => {
    const root = createRoot({ 'node.conf': quietNode });
    chmodSync(root.directory, 0o755);
    chmodSync(root.paths.etc, 0o700);
    const { stdout } = await shell(
      `setpriv --reuid=65534 --regid=65534 --clear-groups "$NODE" ${distProgram('nodemgr')} doctor --format json`,
      { root: root.directory },
    );
    expect(findings(stdout)['directories']).toMatchObject({
      result: 'bad',
      fact: expect.stringContaining(root.paths.etc),
      remedy: expect.stringContaining('NODEMGR_ROOT'),
    });
  });

  test.skipIf(lacks('root'))(
    'as a user: a file of root is trusted, directories that cannot be made are bad',
    async () => {
      const root = createRoot({ 'node.conf': quietNode });
      for (const directory of [root.directory, root.paths.etc]) chmodSync(directory, 0o755);
      chmodSync(root.paths.nodeConf, 0o644);
      const { stdout } = await shell(
        `setpriv --reuid=65534 --regid=65534 --clear-groups "$NODE" ${distProgram('nodemgr')} doctor --format json`,
        { root: root.directory },
      );
      const found = findings(stdout);
      expect(found['configuration']?.fact).toMatch(/mode 0644 lets others read it$/);
      expect(found['directories']?.fact).toContain(root.paths.var);
    },
  );

  test.skipIf(lacks('root', 'mount'))(
    'nothing, cron, both cron and systemd start it; a full disk',
    async () => {
      const root = createRoot({ 'node.conf': quietNode });
      const cases = [
        { make: 'true', result: 'warn', fact: 'nothing starts' },
        {
          make: `echo '* * * * * root ${packageRoot}/bin/tick' > /etc/cron.d/nodemgr`,
          result: 'ok',
          fact: 'cron',
        },
        { make: 'touch /etc/systemd/system/nodemgr-tick.timer', result: 'bad', fact: 'both' },
      ];
      const script = [
        'mount -t tmpfs tmpfs /etc/cron.d',
        'mount -t tmpfs tmpfs /etc/systemd/system',
        `mkdir -p ${root.paths.var}`,
        `mount -t tmpfs -o size=64k tmpfs ${root.paths.var}`,
        ...cases.map(
          ({ make }) =>
            `${make}; "$NODE" ${distProgram('nodemgr')} doctor --format json | tr -d '\\n'; echo`,
        ),
      ].join('\n');
      const output = execFileSync('unshare', ['-m', 'sh', '-c', script], {
        encoding: 'utf8',
        env: {
          PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
          NODEMGR_ROOT: root.directory,
          NODE: process.execPath,
        },
      });
      const answers = output.trimEnd().split('\n').map(findings);
      expect(answers).toHaveLength(3);
      cases.forEach(({ result, fact }, index) => {
        expect(answers[index]?.['minute job']).toMatchObject({
          result,
          fact: expect.stringContaining(fact),
        });
      });
      expect(answers[2]?.['minute job']?.remedy).toContain('--cron');
      expect(answers[0]?.['disk']).toMatchObject({
        result: 'bad',
        fact: expect.stringContaining(root.paths.var),
        remedy: expect.stringContaining('free space'),
      });
    },
  );
});
