/** app.forking and app.simple, with real launchers and processes. */
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseRetcodes } from '../../lib/drivers/app/check.js';
import { parseInfo } from '../../lib/drivers/app/info.js';
import { listProcesses } from '../../lib/exec/tree.js';
import { formatElapsed } from '../../lib/units/elapsed.js';
import { lacks } from '../support/can.js';
import { waitFor } from '../support/program.js';
import { conformance } from './conformance.js';
import { createRig, type Rig } from './rig.js';

/** A launcher in the manner of init scripts: a background process, its pid in a file. */
const daemonScript = `#!/bin/sh
here=\${0%/*}
case $1 in
start) sleep 1000 >/dev/null 2>&1 & echo $! >"$here/pid"; echo launched;;
stop) kill $(cat "$here/pid") && rm "$here/pid"; echo ended;;
status) test -e "$here/pid" && kill -0 $(cat "$here/pid") 2>/dev/null;;
info) echo "color: blue"; echo nonsense; echo "port: 80:81";;
esac
`;

function launcher(place: string, text = daemonScript, mode = 0o755): string {
  const path = join(place, 'launcher');
  mkdirSync(place, { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

const pidOf = ({ place }: Pick<Rig, 'place'>): number | undefined =>
  existsSync(join(place, 'pid')) ? Number(readFileSync(join(place, 'pid'), 'utf8')) : undefined;

const lives = (pid: number | undefined): boolean =>
  pid !== undefined && listProcesses().some((process) => process.pid === pid);

function end(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
  } catch {
    // it has ended by itself
  }
}

conformance({
  name: 'app.forking',
  rid: 'app#1',
  config: (place) =>
    `[app#1]\nscript = ${launcher(place)}\nstart = 10\nstop = 10\ncheck = 10\ninfo = true\n`,
  isUp: (rig) => lives(pidOf(rig)),
  // The process was killed, its file is still there.
  half: ({ place }) => writeFileSync(join(place, 'pid'), '4194304\n'),
  halfStatus: 'down',
  cleanUp: (rig) => end(pidOf(rig)),
  traces: (rig) => `${lives(pidOf(rig))}`,
});

/** Words of a command line that are found on no other process of this host. */
let uniques = 0;
const unique = (): string => `1${process.pid}${String(++uniques).padStart(4, '0')}`;
const withArgument = (word: string): number[] =>
  listProcesses().flatMap(({ pid }) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(word) ? [pid] : [];
    } catch {
      return [];
    }
  });

const simple = unique();
conformance({
  name: 'app.simple',
  rid: 'app#1',
  config: () => `[app#1]\ntype = simple\nstart = sleep ${simple}\n`,
  isUp: () => withArgument(simple).length > 0,
  cleanUp: () => withArgument(simple).forEach(end),
  traces: () => String(withArgument(simple).length),
});

/** A service with one app, its lines beginning with those of the operator's view. */
function appRig(lines: string, head = ''): Rig {
  return createRig((place) => `${head}\n[app#1]\n${lines.replaceAll('{place}', place)}\n`, {
    name: `app${process.pid}-${++uniques}`,
  });
}

describe('lines', () => {
  test('a start and a stop, as the original agent wrote them', async () => {
    const rig = appRig('script = /bin/true\nstart = 1\nstop = 1');
    await rig.act('start');
    await rig.act('stop');
    const user = process.getuid?.() === 0 ? 'root' : '\\S+';
    expect(rig.lines).toHaveLength(4);
    const elapsed = '0:00:0\\d\\.\\d{6}';
    [
      `^app#1 exec /bin/true start as user ${user}$`,
      `^app#1 start done in ${elapsed} - ret 0$`,
      `^app#1 exec /bin/true stop as user ${user}$`,
      `^app#1 stop done in ${elapsed} ret 0$`,
    ].forEach((pattern, n) => void expect(rig.lines[n]).toMatch(new RegExp(pattern)));
  });

  test.each([
    [1.864, '0:00:00.001864'],
    [4.243, '0:00:00.004243'],
    [3_661_000.5, '1:01:01.000500'],
    [59_999.9999, '0:01:00.000000'],
    [90_000_000, '25:00:00.000000'],
  ])('%d ms are %s', (ms, text) => {
    expect(formatElapsed(ms)).toBe(text);
  });

  test('output comes line by line, stderr as an error', async () => {
    const rig = appRig('start = echo one && echo two >&2');
    await rig.act('start');
    expect(rig.lines.slice(1, -1)).toEqual(
      expect.arrayContaining(['app#1 | one', 'app#1 ERROR | two']),
    );
  });
});

describe('what is run', () => {
  const output = async (lines: string, head = ''): Promise<string[]> => {
    const rig = appRig(lines, head);
    await rig.act('start');
    return rig.lines
      .filter((line) => /^app#1 \| /.test(line))
      .map((line) => line.slice('app#1 | '.length));
  };

  test('a text is a command line of its own: words, or a shell when it holds | && or a final ;', async () => {
    expect(await output("start = printf '%s\\n' $HOME 'a b;c'")).toEqual(['$HOME', 'a b;c']);
    expect(await output('start = printf a | tr a b')).toEqual(['b']);
    expect(await output('start = cd /tmp; pwd')).toEqual(['/tmp']);
  });

  test('a relative script is below the launcher directory of the service', async () => {
    const rig = appRig('script = hello\nstart = yes');
    const { scripts } = await rig.service();
    mkdirSync(scripts, { recursive: true });
    writeFileSync(join(scripts, 'hello'), '#!/bin/sh\necho hello $1\n', { mode: 0o755 });
    await rig.act('start');
    expect(rig.lines).toContain('app#1 | hello start');
  });

  test('cwd, umask and environment', async () => {
    const lines = await output(
      'start = pwd; umask; echo "$PWD $A1 $LANG $OPENSVC_RID $OPENSVC_ACTION"\ncwd = /tmp\numask = 027\nenvironment = a1="two words"',
    );
    expect(lines).toEqual(['/tmp', '0027', '/tmp two words C app#1 start']);
  });

  test('the object is named to it, with and without an id', async () => {
    const script = 'start = echo "$OPENSVC_SVCPATH $OPENSVC_KIND $OPENSVC_ID."; true';
    expect((await output(script))[0]).toMatch(/^app\S+ svc \.$/);
    expect((await output(script, '[DEFAULT]\nid = 4711'))[0]).toMatch(/^app\S+ svc 4711\.$/);
  });

  test('the addresses of the service, and of a name what it resolves to', async () => {
    const ip = (n: number, lines: string) => `[ip#${n}]\ndisable = true\nipdev = eth0\n${lines}\n`;
    const lines = await output(
      'start = echo "$OPENSVC_IP1"; echo "$OPENSVC_IP2"; echo "$OPENSVC_IPNAME $OPENSVC_IPDEV $OPENSVC_IPADDR $OPENSVC_MASK"',
      ip(1, 'ipname = 10.0.0.1\nnetmask = 24') + ip(2, 'ipname = no.such.name.invalid'),
    );
    expect(lines).toEqual([
      '10.0.0.1 eth0 10.0.0.1 24',
      'no.such.name.invalid eth0 unknown unknown',
      'no.such.name.invalid eth0 unknown unknown',
    ]);
  });

  test('limits hold for the program', async () => {
    const lines = await output(
      'start = ulimit -n; ulimit -Hn; ulimit -c; ulimit -v; ulimit -t\nlimit_nofile = 100\nlimit_core = 0\nlimit_vmem = 100m\nlimit_cpu = 1m',
    );
    expect(lines).toEqual(['100', '100', '0', String(100 * 1024), '60']);
  });

  test.skipIf(lacks('root'))('user and group of a command line, with HOME and groups', async () => {
    expect(
      await output('start = id -un; id -gn; id -Gn; echo $HOME $USER $LOGNAME\nuser = daemon'),
    ).toEqual(['daemon', 'daemon', 'daemon', '/usr/sbin daemon daemon']);
    expect(await output('start = id -un; id -gn\nuser = daemon\ngroup = games')).toEqual([
      'daemon',
      'games',
    ]);
  });

  test.skipIf(lacks('root'))(
    'a script of root runs as `user`, any other as its owner',
    async () => {
      const rig = appRig('script = {place}/launcher\nstart = 1\nuser = games');
      const script = launcher(rig.place, '#!/bin/sh\nid -un\n');
      chmodSync(rig.place, 0o755);
      await rig.act('start');
      expect(rig.lines).toContain(`app#1 exec ${script} start as user games`);
      expect(rig.lines).toContain('app#1 | games');
      rig.lines.length = 0;
      const { chownSync } = await import('node:fs');
      chownSync(script, 1, 1);
      await rig.act('start');
      expect(rig.lines).toContain(`app#1 exec ${script} start as user daemon`);
      expect(rig.lines).toContain('app#1 | daemon');
    },
  );

  test('a launcher that may not be executed is made executable', async () => {
    const rig = appRig('script = {place}/launcher\nstart = 1\ncheck = 1');
    const script = launcher(rig.place, '#!/bin/sh\ntest $1 = start\n', 0o644);
    expect(await rig.status('app#1')).toMatchObject({
      status: 'warn',
      notes: [{ level: 'warn', text: `${script} is not executable` }],
    });
    await rig.act('start');
    expect(rig.lines[0]).toBe(`app#1 chmod +x ${script}`);
    expect(rig.lines.at(-1)).toMatch(/ - ret 0$/);
  });

  test('nothing that is not enabled', async () => {
    for (const word of ['', 'false', 'no', 'none']) {
      const rig = appRig(`script = /bin/true\nstart = ${word}\nstop = ${word}`);
      await rig.act('start');
      await rig.act('stop');
      expect(rig.lines).toEqual([]);
    }
  });

  test('the order is that of the sequence numbers, in a start and in a stop', async () => {
    const text = [
      [1, 20, 10],
      [2, 10, 20],
      [3, 0, 30],
    ]
      .map(
        ([n, start, stop]) => `[app#${n}]\nscript = /bin/true\nstart = ${start}\nstop = ${stop}\n`,
      )
      .join('');
    const rig = createRig(text);
    const order = () => rig.lines.filter((line) => line.includes(' exec ')).map((line) => line[4]);
    await rig.act('start');
    expect(order()).toEqual(['3', '2', '1']);
    rig.lines.length = 0;
    await rig.act('stop');
    expect(order()).toEqual(['1', '2', '3']);
  });
});

describe('status', () => {
  const statusOf = async (lines: string, head = '') => {
    const { status, notes } = await appRig(lines, head).status('app#1');
    return { status, notes: notes.map(({ level, text }) => `${level}: ${text}`) };
  };

  test.each([
    ['exit 0', 'up', []],
    ['exit 1', 'down', []],
    ['exit 2', 'warn', ['warn: the check exited with 2']],
    ['exit 7', 'n/a', []],
    ['kill -9 $$', 'warn', ['warn: the check was ended by SIGKILL']],
  ])('a check that does %s is %s', async (script, status, notes) => {
    expect(await statusOf(`check = true && ${script}\nretcodes = 0:up 1:down 7:n/a`)).toEqual({
      status,
      notes,
    });
  });

  test('a check is told what it is about', async () => {
    const check =
      'check = test "$OPENSVC_RID $OPENSVC_ACTION $OPENSVC_SVCPATH $A" = "app#1 status $OPENSVC_NAME b"; exit $?';
    expect((await statusOf(`${check}\nenvironment = a=b`)).status).toBe('up');
  });

  test('what the check prints, when asked for', async () => {
    const check = 'check = echo fine; echo odd >&2; exit 0';
    expect((await statusOf(check)).notes).toEqual([]);
    expect((await statusOf(`${check}\nstatus_log = true`)).notes).toEqual([
      'info: fine',
      'warn: odd',
    ]);
  });

  test('no check, no script, no such program, a wrong account', async () => {
    expect(await statusOf('script = /bin/true\nstart = 1')).toEqual({
      status: 'n/a',
      notes: ['info: no check configured'],
    });
    expect(await statusOf('script = /no/such\ncheck = 1')).toEqual({
      status: 'n/a',
      notes: ['warn: /no/such does not exist'],
    });
    expect(await statusOf('script = /bin\ncheck = 1')).toEqual({
      status: 'warn',
      notes: ['warn: /bin is not a file'],
    });
    expect(await statusOf('check = /no/such thing')).toEqual({
      status: 'warn',
      notes: ['warn: check: /no/such is not installed'],
    });
    expect(await statusOf('check = /bin/true\nuser = nobody-of-that-name')).toEqual({
      status: 'warn',
      notes: ['warn: check: user nobody-of-that-name does not exist'],
    });
    expect((await statusOf('check = 1')).status).toBe('undef');
  });

  test('a check that hangs is ended', async () => {
    const answer = await statusOf('check = sleep 60\ncheck_timeout = 1');
    expect(answer).toEqual({
      status: 'warn',
      notes: ['warn: the check took longer than 1s and was ended'],
    });
  });

  test('skipped while what it stands on is not up', async () => {
    const rig = appRig('check = /bin/true', '[fs#1]\ntype = flag\n');
    expect(await rig.status('app#1')).toMatchObject({
      status: 'n/a',
      notes: [{ level: 'info', text: 'skipped: needed resources are not up' }],
    });
    await rig.act('start');
    expect(await rig.status('app#1')).toMatchObject({ status: 'up', notes: [] });
  });

  test('another start or stop in progress', async () => {
    const rig = appRig(
      'start = touch {place}/begun; until test -e {place}/go; do sleep 0.05; done\ncheck = /bin/false',
    );
    const started = rig.act('start');
    await waitFor(() => existsSync(join(rig.place, 'begun')) || undefined, 'the start');
    expect(await rig.status('app#1')).toMatchObject({
      status: 'n/a',
      notes: [{ level: 'info', text: 'start in progress' }],
    });
    writeFileSync(join(rig.place, 'go'), '');
    await started;
    expect(await rig.status('app#1')).toMatchObject({ status: 'down', notes: [] });
  });

  test.each(['0', '0:', 'a:up', '0:stdby up', '0:fine'])('retcodes %s are refused', (text) => {
    expect(() => parseRetcodes(text)).toThrow(/retcodes/);
  });
});

describe('failures', () => {
  test('a start that fails is an error, with its code and output', async () => {
    const rig = appRig('start = echo no luck; exit 3');
    await expect(rig.act('start')).rejects.toThrow('exited with 3');
    expect(rig.lines).toContain('app#1 | no luck');
    expect(rig.lines.some((line) => /ERROR start done in \S+ - ret 3$/.test(line))).toBe(true);
  });

  test('a launcher that is missing', async () => {
    const rig = appRig('script = /no/such\nstart = 1\nstop = 1');
    await expect(rig.act('start')).rejects.toThrow('/no/such does not exist');
    await rig.act('stop');
    await rig.act('start', { dryRun: true });
  });

  test('a start that takes too long is ended with all that it started', async () => {
    const word = unique();
    const rig = appRig(`start = setsid sleep ${word} | cat; sleep ${word}\nstart_timeout = 1`);
    onTestFinished(() => withArgument(word).forEach(end));
    await expect(rig.act('start')).rejects.toThrow('took too long and was ended');
    expect(withArgument(word)).toEqual([]);
  });

  test('with a start timeout, a start waits for the check and fails without it', async () => {
    const late =
      'start = (sleep 0.5; touch {place}/up) >/dev/null 2>&1 &\ncheck = test -e {place}/up\nstop = rm -f {place}/up';
    const rig = appRig(`${late.replace('&\n', '& true; true\n')}\nstart_timeout = 10`);
    await rig.act('start');
    expect(existsSync(join(rig.place, 'up'))).toBe(true);
    const never = appRig(
      'start = /bin/true\ncheck = /bin/false\nstop = touch {place}/stopped\nstart_timeout = 500ms',
    );
    await expect(never.act('start')).rejects.toThrow('down 0.5s after its start');
  });

  test('the start is taken back by the stop when a later app fails', async () => {
    const rig = createRig(
      (place) =>
        `[app#1]\nscript = ${launcher(place)}\nstart = 1\nstop = 1\ncheck = 1\n` +
        '[app#2]\nscript = /bin/false\nstart = 2\n',
    );
    onTestFinished(() => end(pidOf(rig)));
    await expect(rig.act('start')).rejects.toThrow();
    expect(pidOf(rig)).toBeUndefined();
    expect(rig.lines.some((line) => / stop as user /.test(line))).toBe(true);
  });

  test('a stop that fails keeps nothing else from being stopped, and is reported', async () => {
    const rig = appRig('script = /bin/false\nstop = 1', '[fs#1]\ntype = flag\n');
    await rig.act('start');
    await expect(rig.act('stop')).rejects.toThrow('exited with 1');
    expect((await rig.status('fs#1')).status).toBe('down');
  });
});

describe('info', () => {
  test('the lines of the launcher', async () => {
    expect(parseInfo('color: blue\nnonsense\nport: 80:81\n: x\n')).toEqual({
      color: 'blue',
      port: '80:81',
    });
  });
});

describe('app.simple', () => {
  test('a program that fails at once is an error', async () => {
    const rig = appRig('type = simple\nstart = sh -c "exit 4"');
    await expect(rig.act('start')).rejects.toThrow('exited with 4');
    expect((await rig.status('app#1')).status).toBe('down');
    const missing = appRig('type = simple\nstart = /no/such thing');
    await expect(missing.act('start')).rejects.toThrow('/no/such is not installed');
  });

  test('it is found again by the service and the resource, with and without an id', async () => {
    for (const head of ['', '[DEFAULT]\nid = 4c2a\n']) {
      const word = unique();
      const rig = appRig(`type = simple\nstart = sleep ${word}`, head);
      const other = appRig(`type = simple\nstart = sleep ${word}`, head.replace('4c2a', '4c2b'));
      onTestFinished(() => withArgument(word).forEach(end));
      await rig.act('start');
      rmSync(rig.paths.run, { recursive: true, force: true });
      expect((await rig.status('app#1')).status).toBe('up');
      expect((await other.status('app#1')).status).toBe('down');
      await rig.act('stop');
      expect(withArgument(word)).toEqual([]);
    }
  });

  test('a launcher that becomes another program, and one that hides its environment', async () => {
    const word = unique();
    const rig = appRig('type = simple\nscript = {place}/launcher\nstart = 1');
    onTestFinished(() => withArgument(word).forEach(end));
    launcher(rig.place, `#!/bin/sh\nexec sleep ${word}\n`);
    await rig.act('start');
    rmSync(join(rig.paths.run, 'app'), { recursive: true });
    expect((await rig.status('app#1')).status).toBe('up');
    await rig.act('stop');
    expect(withArgument(word)).toEqual([]);
    launcher(rig.place, `#!/bin/sh\nexec env -i sleep ${word}\n`);
    await rig.act('start');
    expect((await rig.status('app#1')).status).toBe('up');
    await rig.act('stop');
    expect(withArgument(word)).toEqual([]);
  });

  test('one that was started twice is up with a warning, and both are ended', async () => {
    const word = unique();
    const rig = appRig(`type = simple\nstart = sleep ${word}`, '[DEFAULT]\nid = 4c2c');
    onTestFinished(() => withArgument(word).forEach(end));
    await rig.act('start');
    const [first] = withArgument(word);
    const { spawn } = await import('node:child_process');
    const second = spawn('sleep', [word], {
      env: { OPENSVC_ID: '4c2c', OPENSVC_RID: 'app#1' },
      stdio: 'ignore',
    });
    await waitFor(() => withArgument(word).length === 2 || undefined, 'the second');
    const { status, notes } = await rig.status('app#1');
    expect(status).toBe('up');
    expect(notes[0]?.text).toMatch(/^runs more than once: pid \d+, \d+$/);
    expect(notes[0]?.text).toContain(String(first));
    expect(notes[0]?.text).toContain(String(second.pid));
    await rig.act('stop');
    expect(withArgument(word)).toEqual([]);
  });

  test.each([
    ['parent', 1],
    ['tree', 0],
  ])('kill = %s leaves %d child', async (kill, left) => {
    const [main, child] = [unique(), unique()];
    const rig = appRig(`type = simple\nscript = {place}/launcher\nstart = 1\nkill = ${kill}`);
    onTestFinished(() => [main, child].flatMap(withArgument).forEach(end));
    launcher(rig.place, `#!/bin/sh\nsetsid sleep ${child} &\nexec sleep ${main}\n`);
    await rig.act('start');
    await waitFor(() => withArgument(child).length > 0 || undefined, 'the child');
    await rig.act('stop');
    expect(withArgument(main)).toEqual([]);
    expect(withArgument(child)).toHaveLength(left);
  });

  test('one that ignores the polite signal is killed', async () => {
    const word = unique();
    const rig = appRig(`type = simple\nscript = {place}/launcher\nstart = 1\nstop_timeout = 200ms`);
    onTestFinished(() => withArgument(word).forEach(end));
    launcher(rig.place, `#!/bin/sh\ntrap '' TERM\nexec sleep ${word}\n`);
    await rig.act('start');
    await rig.act('stop');
    expect(withArgument(word)).toEqual([]);
  });

  test('a check decides once it runs', async () => {
    const word = unique();
    const rig = appRig(`type = simple\nstart = sleep ${word}\ncheck = test -e {place}/ready`);
    onTestFinished(() => withArgument(word).forEach(end));
    await rig.act('start');
    expect((await rig.status('app#1')).status).toBe('down');
    writeFileSync(join(rig.place, 'ready'), '');
    expect((await rig.status('app#1')).status).toBe('up');
    await rig.act('stop');
    expect((await rig.status('app#1')).status).toBe('down');
  });
});
