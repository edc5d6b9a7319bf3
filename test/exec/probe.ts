/** What the tests of processes share: what this host can do, and waiting for facts. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, onTestFinished } from 'vitest';
import { type CgroupPlace, findCgroup } from '../../lib/exec/cgroup.js';

const version1 = findCgroup({ version: 1 });
const version2 = findCgroup({ version: 2 });

export const can = {
  root: process.getuid?.() === 0,
  cgroup1: version1 !== undefined,
  cgroup2: version2 !== undefined,
  mount: process.getuid?.() === 0 && tryMount(),
};

/** The ways in which a tree is held together; null is the fallback on /proc. */
export const places: { name: string; able: boolean; cgroups: CgroupPlace | null }[] = [
  { name: 'cgroup v2', able: can.cgroup2, cgroups: version2 ?? null },
  { name: 'cgroup v1', able: can.cgroup1, cgroups: version1 ?? null },
  { name: 'the /proc fallback', able: true, cgroups: null },
];

function tryMount(): boolean {
  const directory = mkdtempSync(join(tmpdir(), 'mount-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', 'none', directory]).status === 0;
  if (mounted) execFileSync('umount', [directory]);
  rmSync(directory, { recursive: true, force: true });
  return mounted;
}

/** A directory that goes with the test. */
export function temporary(): string {
  const directory = mkdtempSync(join(tmpdir(), 'nodemgr-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Pids whose environment holds the text. */
export function pidsWith(text: string): number[] {
  return readdirSync('/proc').flatMap((entry) => {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) return [];
    try {
      return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(text) ? [pid] : [];
    } catch {
      return [];
    }
  });
}

/** Waits for a fact, not for a time. */
export async function until<T>(what: string, ask: () => T | false | undefined): Promise<T> {
  const deadline = performance.now() + 15_000;
  for (;;) {
    const answer = ask();
    if (answer !== false && answer !== undefined) return answer;
    if (performance.now() > deadline) throw new Error(`never happened: ${what}`);
    await delay(5);
  }
}

export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/**
 * One source file and what it imports as plain JavaScript, for the child processes of a test: a URL
 * to import. It lies as deep in the package as the sources do, so that the package root is found.
 * To be called at the top of a test file, which removes it.
 */
export async function bundled(source: string): Promise<string> {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const directory = join(root, 'node_modules', '.cache');
  const outfile = join(directory, `test-${basename(source, '.ts')}-${process.pid}.mjs`);
  await build({
    entryPoints: [join(root, source)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'warning',
  });
  afterAll(() => rmSync(outfile, { force: true }));
  return new URL(`file://${outfile}`).href;
}
