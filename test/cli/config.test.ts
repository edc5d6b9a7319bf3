/** get, set, unset, print config, edit config, validate config, create, ls and delete. */
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runProgram } from '../support/program.js';
import { createRoot, type TestRoot } from '../support/root.js';

const at = (root: TestRoot) => ({
  nodemgr: (argv: readonly string[], input?: string, env?: Record<string, string>) =>
    runProgram('nodemgr', argv, {
      root: root.directory,
      ...(input !== undefined && { input }),
      ...(env && { env }),
    }),
  svcmgr: (argv: readonly string[], input?: string, env?: Record<string, string>) =>
    runProgram('svcmgr', argv, {
      root: root.directory,
      ...(input !== undefined && { input }),
      ...(env && { env }),
    }),
});
const done = { code: 0, stdout: '', stderr: '' };
const canary = 'CANARY-7f3a';

const brokenNode = `# the node
[node]
uuid = ${canary}-1
max_parallel = many
[asset]
schedule = bogus
[pakages]
schedule = @1
[checks]
ping_url = https://ping.example/${canary}-2
shedule = @10
[stats_collection
foo
[packages]
schedule = @1h
timezone = Mars/Olympus
`;

describe('validate config', () => {
  test('file:line: reason with a suggestion for each problem, exit 78; one broken section does not hide others', async () => {
    const root = createRoot({ 'node.conf': brokenNode });
    const { stdout, stderr, code } = await at(root).nodemgr(['validate', 'config']);
    expect({ stderr, code }).toEqual({ stderr: '', code: 78 });
    const file = root.paths.nodeConf;
    for (const [line, says] of [
      [4, 'error: [node] max_parallel: "many" is not an integer'],
      [6, 'error: [asset] schedule: "bogus" is not a schedule'],
      [7, 'warning: [pakages]: unknown section (did you mean [packages]?)'],
      [11, 'warning: [checks] shedule: unknown to section [checks] (did you mean schedule?)'],
      [12, 'error: [stats_collection]: the section header has no closing bracket'],
      [16, 'error: [packages] timezone: '],
    ] as const) {
      const found = stdout
        .split('\n')
        .filter((text) => new RegExp(`^${file}:${line}(:\\d+)?: `).test(text));
      expect(
        found.some((text) => text.includes(says)),
        `${line}: ${says}\n${stdout}`,
      ).toBe(true);
    }
    expect(stdout).not.toContain(canary);
  });

  test.each([
    { section: 'stats_colection', known: false },
    { section: 'uri', known: false },
    { section: 'stats', known: true },
    { section: 'array#left', known: true },
    { section: 'dequeue_actions', known: true },
  ])('[$section] counts as a section of later parts: $known', async ({ section, known }) => {
    const { nodemgr } = at(createRoot());
    const text = `[${section}]\nschedule = @1\n`;
    const { stdout } = await nodemgr(['validate', 'config', '--stdin'], text);
    expect(stdout.includes('unknown section')).toBe(!known);
  });

  test('a value under an old name is checked as one under the new name', async () => {
    const { nodemgr } = at(createRoot());
    const refused = { code: 1, stderr: expect.stringContaining('"FOO" is not one of DEV') };
    expect(await nodemgr(['set', 'node.env=FOO'])).toMatchObject(refused);
    expect(await nodemgr(['set', 'node.host_mode=FOO'])).toMatchObject(refused);
    expect(await nodemgr(['set', 'node.host_mode=PRD'])).toEqual(done);
  });

  test('--stdin checks text that is not installed; warnings alone are exit 0; silence is right', async () => {
    const root = createRoot();
    const { nodemgr, svcmgr } = at(root);
    expect(await nodemgr(['validate', 'config', '--stdin'], '[asset]\nschedule = @10\n')).toEqual(
      done,
    );
    expect(
      await nodemgr(['validate', 'config', '--stdin'], '[pakages]\nschedule = @1\n'),
    ).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^<stdin>:1: warning: .*did you mean \[packages\]/),
    });
    expect(
      await nodemgr(['validate', 'config', '--stdin'], '[asset]\nschedule = @x\n'),
    ).toMatchObject({
      code: 78,
      stdout: expect.stringMatching(/^<stdin>:2: error: /),
    });
    expect(
      await svcmgr(['-s', 'new', 'validate', 'config', '--stdin'], '[task#1]\ncommnd = x\n'),
    ).toMatchObject({
      code: 78,
      stdout: expect.stringMatching(/<stdin>:2: .*did you mean command/),
    });
    expect(await nodemgr(['validate', 'config'])).toEqual(done);
    expect(existsSync(root.paths.nodeConf)).toBe(false);
  });

  test('binary garbage, an empty and a truncated file: findings, no stack', async () => {
    const root = createRoot();
    for (const text of [
      '\u0000\u0001\u00ff[\u0000',
      '',
      '[',
      '[asset]\nschedule',
      '=\n:',
      '[asset]\nschedule = {node.x}{\n',
    ]) {
      const { stderr, code } = await at(root).nodemgr(['validate', 'config', '--stdin'], text);
      expect(stderr, JSON.stringify(text)).toBe('');
      expect([0, 78], JSON.stringify(text)).toContain(code);
    }
  });

  test('a file that others can write is an error, one that others can read a warning', async () => {
    const root = createRoot({ 'node.conf': '[asset]\nschedule = @10\n' });
    chmodSync(root.paths.nodeConf, 0o666);
    const open = await at(root).nodemgr(['validate', 'config']);
    expect(open).toMatchObject({ code: 78, stdout: expect.stringMatching(/:1: error: .*writ/) });
    chmodSync(root.paths.nodeConf, 0o644);
    const readable = await at(root).nodemgr(['validate', 'config']);
    expect(readable).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/:1: warning: .*read/),
    });
  });

  test('services: every selected file is checked, json is a list', async () => {
    const root = createRoot({
      'good.conf': '[task#1]\ncommand = /bin/true\n',
      'bad.conf': '[task#1]\ncommand = /bin/true\nschedule = 25:00\n[task#2]\ntype = nonsense\n',
    });
    const { svcmgr } = at(root);
    expect(await svcmgr(['good', 'validate', 'config', '--format', 'json'])).toMatchObject({
      code: 0,
      stdout: '[]\n',
    });
    const { stdout, code } = await svcmgr(['validate', 'config', '--format', 'json']);
    expect(code).toBe(78);
    const rows = JSON.parse(stdout) as {
      file: string;
      line: number;
      section: string;
      level: string;
    }[];
    expect(rows).toContainEqual(
      expect.objectContaining({ file: join(root.paths.etc, 'bad.conf'), line: 3, level: 'error' }),
    );
    expect(rows).toContainEqual(
      expect.objectContaining({
        section: 'task#2',
        message: expect.stringContaining('task.nonsense'),
      }),
    );
  });
});

describe('print config', () => {
  test('secrets are masked in every format, --force shows them, the rest is the file', async () => {
    const root = createRoot({
      'node.conf': brokenNode,
      'web.conf': `[task#1]\ncommand = /bin/true\nping_url = https://x/${canary}\n`,
    });
    const { nodemgr, svcmgr } = at(root);
    for (const format of ['table', 'json', 'flat_json']) {
      for (const result of [
        await nodemgr(['print', 'config', '--format', format]),
        await svcmgr(['web', 'print', 'config', '--format', format]),
      ]) {
        expect(result.code).toBe(0);
        expect(result.stdout + result.stderr).not.toContain(canary);
      }
    }
    const masked = await nodemgr(['print', 'config']);
    expect(masked.stdout).toBe(
      brokenNode
        .replace(`${canary}-1`, '*****')
        .replace(`https://ping.example/${canary}-2`, '*****'),
    );
    expect((await nodemgr(['print', 'config', '--force'])).stdout).toBe(brokenNode);
    expect(
      (await svcmgr(['web', 'print', 'config', '--force', '--format', 'json'])).stdout,
    ).toContain(canary);
  });

  test('a secret never comes up in doctor, explain, schedules, logs or errors', async () => {
    const root = createRoot({ 'node.conf': brokenNode });
    const { nodemgr } = at(root);
    for (const line of [
      'doctor',
      'explain schedule checks',
      'print schedule --format json',
      'schedulers',
      'checks',
      'print runs --format json',
      'logs',
    ]) {
      const { stdout, stderr } = await nodemgr(line.split(' '));
      expect(stdout + stderr, line).not.toContain(canary);
    }
  });
});

describe('get, set, unset', () => {
  test('comments and order stay, a missing section is made, get gives defaults too', async () => {
    const text = '# head\n[node]\n; why\nenv = PRD ; inline\n\n[asset]\n# when\nschedule = @1h\n';
    const root = createRoot({ 'node.conf': text });
    const { nodemgr } = at(root);
    expect((await nodemgr(['get', 'asset.schedule'])).stdout).toBe('@1h\n');
    expect((await nodemgr(['get', '--param', 'packages.schedule'])).stdout).toMatch(/@361/);
    expect((await nodemgr(['get', '--kw', 'node.env'])).stdout).toBe('PRD\n');
    expect(
      await nodemgr(['set', '--kw', 'asset.schedule=@2h', '--kw', 'node.loc_city=Lyon']),
    ).toEqual(done);
    expect(await nodemgr(['set', '--param', 'checks.schedule', '--value', ''])).toEqual(done);
    expect(await nodemgr(['set', 'packages.timeout=1h'])).toEqual(done);
    const after = readFileSync(root.paths.nodeConf, 'utf8');
    expect(after).toMatch(
      /^# head\n\[node\]\n; why\nenv = PRD ; inline\nloc_city = Lyon\n\n\[asset\]\n# when\nschedule = @2h\n/,
    );
    expect(after).toMatch(/\n\[packages\]\ntimeout = 1h\n/);
    expect(await nodemgr(['unset', 'asset.schedule', 'node.loc_city'])).toEqual(done);
    expect(await nodemgr(['unset', '--kw', 'asset.schedule'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is not set'),
    });
    expect(await nodemgr(['get', 'node.loc_city'])).toMatchObject({ code: 1, stdout: '' });
    for (const [parameter, says] of [
      ['node.max_parallel', 'node.max_parallel is not set; its default is 10\n  set it with'],
      ['node.max_paralel', 'node.max_paralel is not set\n  did you mean node.max_parallel?'],
      ['assets.schedule', 'assets.schedule is not set\n  did you mean asset.schedule?'],
    ] as const) {
      expect(await nodemgr(['get', parameter])).toMatchObject({
        code: 1,
        stderr: expect.stringContaining(says),
      });
    }
    chmodSync(root.paths.nodeConf, 0o666);
    expect(await nodemgr(['get', 'asset.schedule'])).toMatchObject({
      code: 78,
      stdout: '',
      stderr: expect.stringContaining('mode 0666 lets others write it'),
    });
    chmodSync(root.paths.nodeConf, 0o600);
    expect(statSync(root.paths.nodeConf).mode & 0o777).toBe(0o600);
  });

  test.each([
    { assignment: 'asset.schedule=bogus', says: /invalid time/ },
    { assignment: 'node.max_parallel=x', says: /not an integer/ },
    { assignment: 'node.env=NOPE', says: /NOPE/ },
    { assignment: 'node.max_paralel=3', says: /did you mean max_parallel/ },
    { assignment: 'aset.schedule=@1', says: /did you mean asset/ },
    { assignment: 'asset.timezone=Mars/Olympus', says: /Mars\/Olympus/ },
    { assignment: 'asset.catchup=some', says: /none, last or all:N/ },
  ])(
    'set $assignment is refused with exit 1, written with --force',
    async ({ assignment, says }) => {
      const root = createRoot();
      const { nodemgr } = at(root);
      const refused = await nodemgr(['set', '--kw', assignment]);
      expect({ code: refused.code, stdout: refused.stdout }).toEqual({ code: 1, stdout: '' });
      expect(refused.stderr).toMatch(says);
      expect(refused.stderr).toContain('--force');
      expect(existsSync(root.paths.nodeConf)).toBe(false);
      const forced = await nodemgr(['set', '--kw', assignment, '--force']);
      expect(forced).toMatchObject({ code: 0, stderr: expect.stringMatching(/^warning: /) });
      expect(readFileSync(root.paths.nodeConf, 'utf8')).toContain(assignment.split('=')[1]);
    },
  );

  test('the same value again leaves the file alone; --dry-run never writes', async () => {
    const root = createRoot({ 'node.conf': '[asset]\nschedule = @1h\n' });
    const { nodemgr } = at(root);
    const before = statSync(root.paths.nodeConf, { bigint: true });
    expect(await nodemgr(['set', 'asset.schedule=@1h'])).toEqual(done);
    expect(await nodemgr(['set', 'asset.schedule=@2h', '--dry-run'])).toEqual(done);
    expect(await nodemgr(['unset', 'asset.schedule', '-n'])).toEqual(done);
    expect(await nodemgr(['unset', 'asset.none', '-n'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('asset.none is not set'),
    });
    expect(await nodemgr(['set', 'env.x=a ;b', '-n'])).toMatchObject({
      code: 78,
      stderr: expect.stringContaining('env.x: the file format cannot hold this'),
    });
    const after = statSync(root.paths.nodeConf, { bigint: true });
    expect([after.ino, after.mtimeNs]).toEqual([before.ino, before.mtimeNs]);
  });

  test('services: scoped and referenced values with --eval; only what a change brings in is its fault', async () => {
    const root = createRoot({
      'web.conf':
        '[DEFAULT]\nnodes = n1 n2\n[env]\nport = 80\n[task#1]\ncommand = /bin/echo {env.port} {svcname}\ncommand@n2 = /bin/echo second\nmax_parallel = bad\n',
    });
    const { svcmgr } = at(root);
    expect((await svcmgr(['web', 'get', 'task#1.command'])).stdout).toBe(
      '/bin/echo {env.port} {svcname}\n',
    );
    expect((await svcmgr(['web', 'get', '--eval', 'task#1.command'])).stdout).toBe(
      '/bin/echo 80 web\n',
    );
    expect(
      (await svcmgr(['web', 'get', '--eval', '--impersonate', 'n2', 'task#1.command'])).stdout,
    ).toBe('/bin/echo second\n');
    expect(await svcmgr(['web', 'set', 'task#1.schedule=@10', 'env.port=81'])).toEqual(done);
    expect((await svcmgr(['web', 'get', '--eval', 'task#1.command'])).stdout).toBe(
      '/bin/echo 81 web\n',
    );
    expect(await svcmgr(['web', 'set', 'task#1.schedule=@x'])).toMatchObject({ code: 1 });
    expect(await svcmgr(['web', 'unset', 'task#1.schedule'])).toEqual(done);
    expect(await svcmgr(['web', 'get', 'task#1.schedule'])).toMatchObject({ code: 1 });
  });
});

describe('edit config', () => {
  const editor = (root: TestRoot, script: string): Record<string, string> => {
    const path = join(root.directory, 'editor');
    writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return { EDITOR: `${path} --flag` };
  };

  test('valid: the file is replaced, comments and mode stay, no copy is left', async () => {
    const root = createRoot({ 'node.conf': '# mine\n[asset]\nschedule = @1h\n' });
    const env = editor(root, '[ "$1" = --flag ] && sed -i s/@1h/@2h/ "$2"');
    expect(await at(root).nodemgr(['edit', 'config'], '', env)).toEqual(done);
    expect(readFileSync(root.paths.nodeConf, 'utf8')).toBe('# mine\n[asset]\nschedule = @2h\n');
    expect(statSync(root.paths.nodeConf).mode & 0o777).toBe(0o600);
    expect(existsSync(`${root.paths.nodeConf}.edit`)).toBe(false);
  });

  test('invalid: exit 78 with the place, the file is unchanged, then --recover or --discard', async () => {
    const text = '[asset]\nschedule = @1h\n';
    const root = createRoot({ 'node.conf': text });
    const { nodemgr } = at(root);
    const bad = await nodemgr(['edit', 'config'], '', editor(root, 'sed -i s/@1h/@@/ "$2"'));
    expect(bad).toMatchObject({ code: 78, stdout: '' });
    expect(bad.stderr).toMatch(/node\.conf\.edit:2: error: .*schedule/);
    expect(readFileSync(root.paths.nodeConf, 'utf8')).toBe(text);

    const pending = await nodemgr(['edit', 'config'], '', editor(root, 'exit 9'));
    expect(pending).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/--recover.*--discard/s),
    });
    expect(
      await nodemgr(['edit', 'config', '--recover'], '', editor(root, 'sed -i s/@@/@3h/ "$2"')),
    ).toEqual(done);
    expect(readFileSync(root.paths.nodeConf, 'utf8')).toContain('@3h');

    await nodemgr(['edit', 'config'], '', editor(root, 'sed -i s/@3h/@@/ "$2"'));
    expect(
      await nodemgr(['edit', 'config', '--discard'], '', editor(root, 'sed -i s/@3h/@4h/ "$2"')),
    ).toEqual(done);
    expect(readFileSync(root.paths.nodeConf, 'utf8')).toContain('@4h');
  });

  test('the editor fails or does not exist: the file is unchanged and the message says so', async () => {
    const root = createRoot({ 'web.conf': '[task#1]\ncommand = /bin/true\n' });
    const { svcmgr } = at(root);
    const failed = await svcmgr(
      ['web', 'edit', 'config'],
      '',
      editor(root, 'echo junk > "$2"; exit 3'),
    );
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('ended with 3') });
    const torn = await svcmgr(['web', 'edit', 'config', '--discard'], '', { EDITOR: "vi '" });
    expect(torn).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^svcmgr: vi ' is no command: .*\n {2}set EDITOR/),
    });
    expect(existsSync(join(root.paths.etc, 'web.conf.edit'))).toBe(false);
    const none = await svcmgr(['web', 'edit', 'config', '--discard'], '', {
      EDITOR: '/nowhere/vi',
    });
    expect(none.code).not.toBe(0);
    expect(none.stderr).not.toContain('this is a bug');
    expect(readFileSync(join(root.paths.etc, 'web.conf'), 'utf8')).toContain('/bin/true');
  });
});

describe('create, ls, delete', () => {
  test('a service from keywords: private, with an id, listed, scheduled, deleted with its traces', async () => {
    const root = createRoot();
    const { svcmgr, nodemgr } = at(root);
    expect(
      await svcmgr([
        '-s',
        'web',
        'create',
        '--kw',
        'task#1.command=/bin/true',
        '--kw',
        'task#1.schedule=@10',
        '--env',
        'port=80',
      ]),
    ).toEqual(done);
    const file = join(root.paths.etc, 'web.conf');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).toMatch(
      /^\[DEFAULT\]\nid = [0-9a-f-]{36}\n[\s\S]*\[env\]\nport = 80\n/,
    );
    expect(await svcmgr(['-s', 'web', 'create'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('exists already'),
    });
    expect(await svcmgr(['-s', 'test/svc/web2', 'create'])).toEqual(done);
    expect((await svcmgr(['ls'])).stdout).toBe('test/svc/web2\nweb\n');
    expect((await svcmgr(['ls', '-s', 'web*', '--format', 'json'])).stdout).toContain(
      '"path": "web"',
    );
    expect((await svcmgr(['print', 'schedule'])).stdout).toContain('task#1');
    expect((await svcmgr(['web', 'run'])).code).toBe(0);

    const plan = await svcmgr(['web', 'delete', '--dry-run']);
    expect(plan.stdout).toContain(`remove ${file}\n`);
    expect(existsSync(file)).toBe(true);
    expect(await svcmgr(['web', 'delete'])).toEqual(done);
    expect(existsSync(file)).toBe(false);
    expect((await svcmgr(['print', 'schedule'])).stdout).not.toContain('task#1');
    expect((await nodemgr(['print', 'runs'])).stdout).toMatch(/web +task#1 +ok/);
    expect(await svcmgr(['web', 'delete'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('service does not exist'),
    });
  });

  test('from a file, from standard input, --dry-run prints, --force writes what is wrong', async () => {
    const root = createRoot();
    const { svcmgr } = at(root);
    const text = '# kept\n[DEFAULT]\nid = mine\n[task#1]\ncommand = /bin/true\n';
    const source = join(root.directory, 'source.conf');
    writeFileSync(source, text);
    expect((await svcmgr(['-s', 'one', 'create', '--config', source, '-n'])).stdout).toBe(text);
    expect(existsSync(join(root.paths.etc, 'one.conf'))).toBe(false);
    expect(await svcmgr(['-s', 'one', 'create', '--config', '-'], text)).toEqual(done);
    expect(readFileSync(join(root.paths.etc, 'one.conf'), 'utf8')).toBe(text);
    const bad = ['-s', 'two', 'create', '--kw', 'task#1.schedule=@@'];
    expect(await svcmgr(bad)).toMatchObject({ code: 78, stdout: '' });
    expect(existsSync(join(root.paths.etc, 'two.conf'))).toBe(false);
    expect((await svcmgr([...bad, '--force'])).code).toBe(0);
    expect(await svcmgr(['-s', 'three', 'create', '--config', '/nowhere'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('/nowhere'),
    });
  });

  test.each(['1x', 'x', 'a_b', 'node', 'svc', '../x', 'a/b', 'cfg/x', ''])(
    'the name "%s" is refused with exit 2',
    async (name) => {
      const root = createRoot();
      const { code, stderr } = await at(root).svcmgr(['create', `--service=${name}`]);
      expect(code, stderr).toBe(2);
      expect(stderr).not.toContain('this is a bug');
    },
  );

  test('what is not there: by name exit 1, by glob nothing', async () => {
    const root = createRoot({ 'web.conf': '[task#1]\ncommand = /bin/true\n' });
    const { svcmgr } = at(root);
    expect(await svcmgr(['ls', '-s', 'nope,web'])).toEqual({
      code: 1,
      stdout: 'web\n',
      stderr: expect.stringMatching(/^svcmgr: nope: service does not exist\n/),
    });
    expect(await svcmgr(['ls', '-s', 'n*'])).toEqual(done);
    expect(await svcmgr(['-s', 'n*', 'run'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("no service matches 'n*'"),
    });
  });
});
