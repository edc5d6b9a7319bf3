import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { readProcessStat } from '../../lib/env/process-identity.js';
import { findCgroup } from '../../lib/exec/cgroup.js';
import { createRunner } from '../../lib/exec/run.js';
import { listProcesses } from '../../lib/exec/tree.js';
import { until } from './probe.js';

const place = findCgroup();
const withCgroup = test.skipIf(!place);
const run = createRunner({ shells: true, env: { PATH: '/nowhere', HOME: '/root' } });
const sh = (script: string, options = {}) => run(['/bin/sh', '-c', script], options);

/** A group whose groups let nobody in (cgroups(7), threaded mode); undefined where it cannot be made. */
function refusingGroup(): string | undefined {
  const name = `refusing-${process.pid}`;
  const directory = join(findCgroup({ version: 2 })?.directory ?? '/nowhere', name);
  const inner = join(directory, 'threads');
  afterAll(() => {
    for (const path of [inner, directory]) if (existsSync(path)) rmdirSync(path);
  });
  try {
    mkdirSync(directory);
    mkdirSync(inner);
    writeFileSync(join(inner, 'cgroup.type'), 'threaded', { flag: 'r+' });
    return `${name}/threads`;
  } catch {
    return undefined;
  }
}

const refusing = refusingGroup();

test.skipIf(!refusing)(
  'outside its cgroup: no usage is told, and the shell is not kept',
  async () => {
    const cgroup = refusing ?? '';
    const first = await sh('sleep 97 & echo $!', { cgroup });
    process.kill(Number(first.stdout));
    expect(first.usage).toBeNull();
    expect((await createRunner()(['true'], { cgroup })).usage).toBeNull();
    expect((await sh('true')).pid).not.toBe(first.pid);
  },
);

/** A place for files that programs of a test write. */
function temporary(): string {
  const directory = mkdtempSync(join(tmpdir(), 'nodemgr-shells-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

withCgroup(
  'programs of one shell: each has its own output, exit code and environment',
  async () => {
    const first = await sh('echo one; echo bad >&2; export X=1; cd /tmp; umask 077; exit 3', {
      env: { A: "it's\n$HOME `id` \\" },
    });
    const second = await sh('echo "[$A][$X]$(pwd) $(umask)"; printf end');
    expect(first).toMatchObject({ stdout: 'one\n', stderr: 'bad\n', exitCode: 3, signal: null });
    expect(second).toMatchObject({ stdout: '[][]/ 0022\nend', stderr: '', exitCode: 0 });
    expect(second.pid).toBe(first.pid);
    const third = await run(['printf', '%s|', "it's", 'a\nb', '$HOME', '', '*', '\\'], {
      env: { A: 'x' },
    });
    expect(third.stdout).toBe("it's|a\nb|$HOME||*|\\|");
    expect(third.usage).not.toBeNull();
  },
);

withCgroup('limits hold for one program, and not for the next', async () => {
  const limited = await sh('ulimit -n; ulimit -Hn; ulimit -c', { limits: { nofile: 77, core: 0 } });
  expect(limited.stdout).toBe('77\n77\n0\n');
  expect((await sh('ulimit -n')).stdout).not.toBe('77\n');
});

withCgroup('a shell whose program ends its process group is replaced', async () => {
  const before = await sh('echo fine');
  const killed = await sh('echo going; kill 0; sleep 60');
  expect(killed).toMatchObject({ stdout: 'going\n', exitCode: null, signal: 'SIGTERM' });
  const after = await sh('echo again');
  expect(after.stdout).toBe('again\n');
  expect(after.pid).not.toBe(before.pid);
});

withCgroup('a shell that was killed while it was idle is not used', async () => {
  const before = await sh('echo fine');
  process.kill(before.pid, 'SIGKILL');
  await until('the shell is gone', () => readProcessStat(before.pid) === undefined);
  expect(await sh('echo again')).toMatchObject({ stdout: 'again\n', exitCode: 0, signal: null });
});

withCgroup('what a program says while it is being ended is read to its end', async () => {
  // The second is how the word begins that ends an output.
  for (const last of ['cleaned up', 'nodemgr:']) {
    const script = `trap 'printf "${last}"; printf "${last}" >&2; exit' TERM; sleep 98 & wait`;
    const result = await sh(script, { timeoutMs: 100 });
    expect(result).toMatchObject({ timedOut: true, stdout: last, stderr: last });
  }
});

withCgroup('what a program leaves behind cannot write into the output of the next', async () => {
  const file = join(temporary(), 'go');
  const first = await sh(`(until [ -e ${file} ]; do sleep 0.01; done; echo late) & echo early`);
  const second = await sh(`touch ${file}; sleep 0.2; echo second`);
  expect(first.stdout).toBe('early\n');
  expect(second.stdout).toBe('second\n');
  expect(second.pid).not.toBe(first.pid);
});

withCgroup('a program that forks twice and calls setsid is gone after its timeout', async () => {
  const name = join(temporary(), 'pid');
  const result = await sh(
    `setsid sh -c '(trap "" TERM; echo $$ > ${name}; sleep 98765) & sleep 98765' & sleep 98765`,
    { timeoutMs: 400, graceMs: 200 },
  );
  expect(result.timedOut).toBe(true);
  expect(result.stuckPids).toEqual([]);
  const left = listProcesses().filter(({ pid }) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('98765');
    } catch {
      return false;
    }
  });
  expect(left).toEqual([]);
  expect((await sh('echo next')).stdout).toBe('next\n');
});

withCgroup('signals, missing programs and bad directories are told as ever', async () => {
  expect(await sh('kill -KILL $$')).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
  expect(await sh('exit 200')).toMatchObject({ exitCode: 200, signal: null });
  await expect(run(['/no/such/program'])).rejects.toMatchObject({ code: 'E_NO_COMMAND' });
  await expect(run(['/etc/passwd'])).rejects.toMatchObject({ code: 'E_NOT_EXECUTABLE' });
  await expect(run(['true'], { cwd: '/no/such' })).rejects.toMatchObject({ code: 'E_BAD_CWD' });
});

withCgroup('large output, lines and standard input', async () => {
  const lines: string[] = [];
  const big = await sh('yes 0123456789abcde | head -c 50000000; echo last', {
    maxOutputBytes: 1000,
    onLine: (_stream: string, line: string) => {
      if (lines.length < 3) lines.push(line);
    },
  });
  expect(big.stdout.endsWith('last\n')).toBe(true);
  expect(big.droppedBytes).toBeGreaterThan(49_000_000);
  expect(lines).toEqual(['0123456789abcde', '0123456789abcde', '0123456789abcde']);
  expect((await sh('cat; echo done')).stdout).toBe('done\n');
  expect((await run(['cat'], { input: 'typed' })).stdout).toBe('typed');
});

withCgroup('many at once keep their outputs apart', async () => {
  const results = await Promise.all(
    Array.from({ length: 60 }, (_, n) => sh(`echo ${n}; echo e${n} >&2; exit ${n}`)),
  );
  for (const [n, { stdout, stderr, exitCode }] of results.entries()) {
    expect({ stdout, stderr, exitCode }).toEqual({
      stdout: `${n}\n`,
      stderr: `e${n}\n`,
      exitCode: n,
    });
  }
});

withCgroup('another user', async () => {
  expect((await run(['id', '-un'], { user: 'nobody' })).stdout).toBe('nobody\n');
});

withCgroup('idle shells neither hold our process nor outlive it', async () => {
  const code = `
    import { createRunner } from ${JSON.stringify(join(process.cwd(), 'lib/exec/run.ts'))};
    const { pid } = await createRunner({ shells: true })(['true']);
    console.log(pid);`;
  const { build } = await import('esbuild');
  const file = join(temporary(), 'probe.mjs');
  await build({
    stdin: { contents: code, resolveDir: process.cwd(), loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: file,
    external: ['execa'],
  });
  const pid = Number(execFileSync(process.execPath, [file], { encoding: 'utf8', timeout: 20_000 }));
  expect(pid).toBeGreaterThan(1);
  const deadline = performance.now() + 5000;
  while (listProcesses().some((other) => other.pid === pid)) {
    expect(performance.now()).toBeLessThan(deadline);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
});
