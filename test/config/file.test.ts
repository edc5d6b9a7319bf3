import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  editConfigFile,
  permissionFindings,
  readConfigFile,
  writeConfigFile,
} from '../../lib/config/file.js';
import { maxIniBytes } from '../../lib/config/ini.js';
import {
  formatObjectPath,
  fullObjectPath,
  objectConfigFile,
  objectLogFile,
  objectOfConfigFile,
  objectScriptDirectory,
  objectVarDirectory,
  parseObjectPath,
  problemOfNamespace,
  problemOfObjectName,
} from '../../lib/config/object-path.js';
import { paths } from './tables.js';

let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'nodemgr-config-'));
  file = join(directory, 'svc1.conf');
});

afterEach(() => rmSync(directory, { recursive: true }));

describe('a configuration file', () => {
  test('is read with what the kernel knows about it', () => {
    writeFileSync(file, '[a]\nk = v\n', { mode: 0o640 });
    const read = readConfigFile(file);
    const stat = statSync(file, { bigint: true });
    expect(read?.ini.byName.get('a')?.byKey.get('k')?.value).toBe('v');
    expect(read?.facts).toEqual({
      uid: Number(stat.uid),
      gid: Number(stat.gid),
      mode: Number(stat.mode) & 0o7777,
      mtimeMs: Number(stat.mtimeMs),
      stamp: `${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}`,
    });
  });

  test('that is missing is undefined, that is empty has no sections', () => {
    expect(readConfigFile(file)).toBeUndefined();
    writeFileSync(file, '');
    expect(readConfigFile(file)?.ini.sections).toEqual([]);
  });

  test('that is something else is refused', () => {
    expect(() => readConfigFile(directory)).toThrow(
      expect.objectContaining({ code: 'E_CONFIG_READ' }),
    );
    symlinkSync(file, file);
    expect(() => readConfigFile(file)).toThrow(expect.objectContaining({ code: 'E_CONFIG_READ' }));
  });

  test('that is too large is not read to its end', () => {
    writeFileSync(file, Buffer.alloc(maxIniBytes * 3, ' '));
    const read = readConfigFile(file);
    expect(read?.bytes.byteLength).toBe(maxIniBytes + 1);
    expect(read?.ini.problems).toHaveLength(1);
    const edit = { op: 'set', section: 'a', key: 'k', value: 'v' } as const;
    expect(() => editConfigFile(file, [edit])).toThrow('too large to be edited');
    expect(statSync(file).size).toBe(maxIniBytes * 3);
  });

  test('is edited in place with its mode, and not touched for nothing', () => {
    writeFileSync(file, '[a]\nk = v\n');
    chmodSync(file, 0o640);
    const before = statSync(file, { bigint: true });
    const edit = { op: 'set', section: 'a', key: 'k', value: 'v' } as const;
    expect(editConfigFile(file, [edit])).toBe(false);
    expect(statSync(file, { bigint: true })).toMatchObject({
      ino: before.ino,
      mtimeNs: before.mtimeNs,
    });
    expect(editConfigFile(file, [{ ...edit, value: 'w' }])).toBe(true);
    expect(readFileSync(file, 'utf8')).toBe('[a]\nk = w\n');
    expect(statSync(file).mode & 0o777).toBe(0o640);
  });

  test('is created for root alone', () => {
    const edits = [
      { op: 'set', section: 'a', key: 'k', value: 'é' },
      { op: 'unset', section: 'b', key: 'x' },
      { op: 'remove', section: 'c' },
    ] as const;
    expect(editConfigFile(file, edits)).toBe(true);
    expect(readFileSync(file, 'utf8')).toBe('[a]\nk = é\n');
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('keeps bytes that are not UTF-8', () => {
    const odd = Buffer.from('\xef\xbb\xbf[a]\n# caf\xe9 \xa0\nk = 1 ; \xe0\n', 'latin1');
    writeFileSync(file, odd);
    expect(editConfigFile(file, [{ op: 'set', section: 'a', key: 'K', value: 'ü' }])).toBe(true);
    const after = readFileSync(file).toString('latin1');
    expect(after).toBe('\xef\xbb\xbf[a]\n# caf\xe9 \xa0\nk = \xc3\xbc ; \xe0\n');
  });

  test('that cannot be written says so and what to do', () => {
    mkdirSync(file);
    writeFileSync(join(directory, 'plain'), '');
    const nowhere = join(directory, 'plain', 'such.conf');
    for (const path of [file, nowhere]) {
      expect(() => writeConfigFile(path, 'x')).toThrow(
        expect.objectContaining({ code: 'E_CONFIG_WRITE', exitCode: 74 }),
      );
    }
  });
});

test('a configuration file that is written has its directory made', () => {
  const path = join(directory, 'no', 'such.conf');
  writeConfigFile(path, 'x');
  expect(readFileSync(path, 'utf8')).toBe('x');
});

test.each([
  { uid: 0, mode: 0o600, problems: [], why: 'as it should be' },
  { uid: 8, mode: 0o600, problems: [], why: 'our own' },
  { uid: 0, mode: 0o400, problems: [], why: 'less is fine' },
  { uid: 7, mode: 0o600, problems: ['owner'], why: 'of somebody else' },
  { uid: 0, mode: 0o640, problems: ['readable'], why: 'read by a group' },
  { uid: 0, mode: 0o620, problems: ['writable'], why: 'written by a group' },
  { uid: 0, mode: 0o666, problems: ['writable', 'readable'], why: 'open to all' },
])('uid $uid, mode $mode: $why', ({ uid, mode, problems }) => {
  const findings = permissionFindings('/f', { uid, mode }, 8);
  expect(findings.map(({ problem }) => problem)).toEqual(problems);
  for (const { message } of findings) expect(message).toMatch(/^\/f: (owned by uid 7|mode 06)/);
});

const places = [
  { path: 'svc1', full: 'root/svc/svc1', conf: 'svc1', var: 'svc/svc1', why: 'a service' },
  { path: 'vol/v1', full: 'root/vol/v1', conf: 'vol/v1', var: 'vol/v1', why: 'another kind' },
  {
    path: 'test/svc/svc1',
    full: 'test/svc/svc1',
    conf: 'namespaces/test/svc/svc1',
    var: 'namespaces/test/svc/svc1',
    why: 'a namespace',
  },
  { path: '1.svc1', full: 'root/svc/1.svc1', conf: '1.svc1', var: 'svc/1.svc1', why: 'a number' },
];

test.each(places)('object $path: $why', ({ path, full, conf, var: private_var }) => {
  const object = parseObjectPath(path);
  expect(formatObjectPath(object)).toBe(path);
  expect(fullObjectPath(object)).toBe(full);
  expect(objectConfigFile(paths, object)).toBe(`/r/etc/${conf}.conf`);
  expect(objectVarDirectory(paths, object)).toBe(`/r/var/${private_var}`);
  expect(objectLogFile(paths, object)).toBe(`/r/log/${conf}.log`);
  expect(objectScriptDirectory(paths, object)).toBe(`/r/etc/${conf}.d`);
  expect(objectOfConfigFile(paths, `/r/etc/${conf}.conf`)).toEqual(object);
});

test('a namespace is the parent of relative paths', () => {
  expect(parseObjectPath('svc1', 'test')).toEqual({ namespace: 'test', kind: 'svc', name: 'svc1' });
  expect(parseObjectPath('vol/v1', 'test').namespace).toBe('test');
  expect(parseObjectPath('root/svc/svc1', 'test').namespace).toBe('root');
});

test.each([
  '',
  '..',
  '.svc',
  '-s',
  'a b',
  'a,b',
  'a+b',
  'a\0b',
  'foo/svc1',
  'a/b/c/d',
  'a/../b',
  '../svc/x',
  '/svc/x',
  'svc/',
  'x'.repeat(201),
])('"%s" is no object path', (text) => {
  expect(() => parseObjectPath(text)).toThrow(
    expect.objectContaining({ code: 'E_OBJECT_PATH', exitCode: 2 }),
  );
});

test.each([
  '/r/etc/node.conf',
  '/r/etc/auth.conf',
  '/r/etc/cluster.conf',
  '/r/etc/svc1.conf.tmp',
  '/r/etc/.svc1.conf',
  '/r/etc/svc/svc1.conf',
  '/r/etc/foo/x.conf',
  '/r/etc/namespaces/svc/x.conf',
  '/r/etc/namespaces/root/svc/x.conf',
  '/r/etc/namespaces/a/b/svc/x.conf',
  '/elsewhere/svc1.conf',
])('%s configures no object', (path) => {
  expect(objectOfConfigFile(paths, path)).toBeUndefined();
});

test.each([
  { name: 'svc1', ok: true, why: 'letters and digits' },
  { name: '12.my-svc.acme.com', ok: true, why: 'a number in front, dots and dashes' },
  { name: 'a', ok: false, why: 'one character' },
  { name: '1.a', ok: false, why: 'one character after the number' },
  { name: '1svc', ok: false, why: 'a digit first' },
  { name: 'svc-', ok: false, why: 'a dash last' },
  { name: 'a..b', ok: false, why: 'two dots' },
  { name: 'a_b', ok: false, why: 'an underscore' },
  { name: 'vol', ok: false, why: 'a kind' },
  { name: 'node', ok: false, why: 'reserved' },
  { name: `${'a.'.repeat(100_000)}!`, ok: false, why: 'hostile, and quick' },
])('name $name.length: $why', ({ name, ok }) => {
  expect(problemOfObjectName(name) === undefined).toBe(ok);
});

test.each([
  { name: 'test-1', ok: true, why: 'letters, digits, dashes' },
  { name: 'a.b', ok: false, why: 'a dot' },
  { name: 'svc', ok: false, why: 'a kind' },
])('namespace $name: $why', ({ name, ok }) => {
  expect(problemOfNamespace(name) === undefined).toBe(ok);
});
