/** The quickstart's tour on the built programs; installing and building are left out. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const script = fileURLToPath(new URL('../../scripts/quickstart.mjs', import.meta.url));
let place: string;

beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'quickstart-test-'));
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

interface Tour {
  code: number | string | null | undefined;
  stdout: string;
  stderr: string;
  root: string;
}

/** Runs the tour with a home and a directory for temporary files that belong to the test. */
function tour(interruptAt?: RegExp): Promise<Tour> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [script, '--skip-setup'],
      { env: { PATH: process.env['PATH'], TMPDIR: place, HOME: place, TZ: 'Europe/Paris' } },
      (error, stdout, stderr) => {
        const root = /NODEMGR_ROOT=([^)\s]+)/.exec(stdout)?.[1] ?? '';
        resolve({ code: error ? error.code : 0, stdout, stderr, root });
      },
    );
    if (!interruptAt) return;
    child.stdout?.on('data', (text: string) => {
      if (interruptAt.test(text)) child.kill('SIGINT');
    });
  });
}

/** The output below one command line. */
function below(stdout: string, line: string): string {
  const from = stdout.indexOf(`$ ${line}\n`);
  expect(from, line).toBeGreaterThan(-1);
  const rest = stdout.slice(from + line.length + 3);
  return rest.startsWith('\n') ? '' : (rest.split('\n\n', 1)[0] ?? '');
}

/** Processes that were started for a root, by their environment. */
function workersOf(root: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
      return environment.includes(`NODEMGR_ROOT=${root}`);
    } catch {
      return false;
    }
  });
}

test.each(['first', 'second'])(
  'the %s quickstart shows the main job and leaves nothing',
  async () => {
    const { code, stdout, stderr, root } = await tour();
    expect(stderr).toBe('');
    expect(code).toBe(0);

    // A tick that went well prints nothing.
    expect(below(stdout, 'tick')).toBe('');
    const runs = below(stdout, 'nodemgr print runs');
    for (const action of [
      'checks',
      'collect_stats',
      'pushasset',
      'task#report',
      'task#heartbeat',
    ]) {
      const rows = runs.split('\n').filter((row) => row.includes(` ${action} `));
      expect(rows, `${action} runs once in two ticks`).toHaveLength(1);
      expect(rows[0]).toMatch(/ ok .* cron /);
    }
    expect(runs).toMatch(/shop +task#expire +failed .* exit code 3/);
    expect(stdout).toContain('the queue does not answer');

    const services = below(stdout, 'svcmgr print schedule --verbose');
    expect(services).toMatch(/task#purge +- +- /);
    expect(services).toMatch(/task#rates +- +\d{4}-\d\d-\d\d /);
    const why = below(stdout, 'svcmgr -s shop explain schedule task#report');
    expect(why).toContain('not due');
    expect(why).toMatch(/fail .*the interval is 1h/);

    expect(root).not.toBe('');
    expect(existsSync(root)).toBe(false);
    expect(workersOf(root)).toEqual([]);
    expect(readdirSync(place)).toEqual([]);
  },
);

test('an interrupted quickstart leaves nothing either', async () => {
  const { code, stderr, root } = await tour(/\$ nodemgr print schedule/);
  expect(code).toBe(130);
  expect(stderr).toContain('interrupted');
  expect(existsSync(root)).toBe(false);
  expect(workersOf(root)).toEqual([]);
  expect(readdirSync(place)).toEqual([]);
});
