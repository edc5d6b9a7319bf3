/**
 * `npm run quickstart`: installs and builds what is missing, then runs the main job with the
 * example configuration in a throw-away root, and removes that root again.
 *
 * `--skip-setup` leaves out installing and building.
 */
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installModules } from './setup.mjs';

const top = fileURLToPath(new URL('..', import.meta.url));
const bold = process.stdout.isTTY && !process.env.NO_COLOR ? ['\u001b[1m', '\u001b[22m'] : ['', ''];

/** What went wrong, in words for the person at the terminal. */
class Complaint extends Error {}

let interrupted;
const abort = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(name, () => {
    interrupted ??= name;
    abort.abort();
  });
}

try {
  if (!process.argv.includes('--skip-setup')) await setUp();
  if (!interrupted) await show();
} catch (error) {
  if (!interrupted) {
    console.error(error instanceof Complaint ? `quickstart: ${error.message}` : error);
    process.exitCode = 1;
  }
}
if (interrupted) {
  console.error('quickstart: interrupted; nothing is left behind');
  process.exitCode = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }[interrupted];
}

/** Packages and the build, as far as they are missing or old. */
async function setUp() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new Complaint(`Node.js 20.19 or later is needed, this is ${process.versions.node}`);
  }
  installModules(top);
  if (interrupted) return;
  const { code, output } = await run([process.execPath, 'scripts/build.mjs'], { quiet: true });
  if (code !== 0) throw new Complaint(`the build failed\n${output}`);
}

/** The tour, in a root that is removed at its end, whatever happens. */
async function show() {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'nodemgr-quickstart-')));
  try {
    cpSync(join(top, 'docs/example/etc'), join(root, 'etc'), { recursive: true });
    await tour(root);
  } finally {
    await endProcesses(root);
    rmSync(root, { recursive: true, force: true });
  }
}

async function tour(root) {
  const env = {
    PATH: process.env.PATH,
    NODEMGR_ROOT: root,
    NODEMGR_NODE: process.execPath,
    ...pick(process.env, ['TZ', 'LANG', 'LC_ALL', 'TERM', 'NO_COLOR']),
  };
  const programs = {
    tick: [join(top, 'bin/tick')],
    nodemgr: [process.execPath, join(top, 'dist/nodemgr.js')],
    svcmgr: [process.execPath, join(top, 'dist/svcmgr.js')],
  };
  /** Runs one command line as it is printed, and shows what it says. */
  const command = async (line, { codes = [0], quiet = false } = {}) => {
    if (interrupted) throw new Complaint('interrupted');
    if (!quiet) console.log(`\n${bold[0]}$ ${line}${bold[1]}`);
    const [program, ...words] = line.split(' ');
    const result = await run([...programs[program], ...words], { env, quiet });
    if (!codes.includes(result.code)) {
      throw new Complaint(`\`${line}\` ended with ${result.code ?? 'a signal'}\n${result.output}`);
    }
    return result.stdout;
  };
  const say = (text) => console.log(`\n${text}`);

  say(
    `The main job, in a throw-away root (NODEMGR_ROOT=${root}) with the\n` +
      'configuration of docs/example/etc. cron would start `tick` every minute. It prints\n' +
      'nothing when all is well; what is due runs in a worker that goes on behind it.',
  );
  await command('tick');
  await workIsDone(root);
  say('A second tick. What ran has its next turn later: a slot runs once.');
  await command('tick');
  await workIsDone(root);

  say('What the node does, and when next:');
  await command('nodemgr print schedule --verbose');
  say('What the services do:');
  await command('svcmgr print schedule --verbose');
  say('What ran. One task of the example fails, on purpose:');
  await command('nodemgr print runs');
  const failed = JSON.parse(
    await command('nodemgr print runs --failed --format json', { quiet: true }),
  );
  if (!failed[0]) throw new Complaint('the ledger has no failed run; one was expected');
  say('Why it failed:');
  await command(`nodemgr show run ${failed[0].id}`);
  say('Why something does not run now:');
  await command('svcmgr -s shop explain schedule task#report');
  say(
    'That was all; the throw-away root is removed now.\n' +
      'Next: docs/tutorial.md installs it for real, docs/schedules.md has the language.',
  );
}

/** Waits until the workers of this root have ended. */
async function workIsDone(root) {
  const deadline = Date.now() + 60_000;
  while (processesOf(root).length > 0) {
    if (interrupted) return;
    if (Date.now() > deadline) throw new Complaint('the worker did not end within a minute');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Ends what still runs for this root: a worker has a session of its own. */
async function endProcesses(root) {
  for (let tries = 0; tries < 40; tries += 1) {
    const left = processesOf(root);
    if (left.length === 0) return;
    for (const pid of left) {
      try {
        process.kill(pid, tries < 10 ? 'SIGTERM' : 'SIGKILL');
      } catch {
        // It ended by itself.
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The processes that were started for this root, by their environment (proc(5)). */
function processesOf(root) {
  const wanted = `NODEMGR_ROOT=${root}`;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(wanted);
      } catch {
        return false; // ended, or somebody else's
      }
    })
    .map(Number);
}

function pick(values, names) {
  return Object.fromEntries(
    names.flatMap((name) => (values[name] === undefined ? [] : [[name, values[name]]])),
  );
}

/** Runs one program; shows its output unless `quiet`. @returns exit code and what it said */
function run(argv, { env = process.env, quiet = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(argv[0], argv.slice(1), {
      cwd: top,
      env,
      stdio: ['ignore', quiet ? 'pipe' : 'inherit', quiet ? 'pipe' : 'inherit'],
    });
    const said = { stdout: '', stderr: '', output: '' };
    for (const name of ['stdout', 'stderr']) {
      child[name]?.setEncoding('utf8').on('data', (text) => {
        said[name] += text;
        said.output += text;
      });
    }
    const stop = () => child.kill();
    abort.signal.addEventListener('abort', stop, { once: true });
    child.on('error', (error) => {
      const why = error.code === 'ENOENT' ? `${argv[0]} is not installed` : error.message;
      reject(new Complaint(why));
    });
    child.on('close', (code) => {
      abort.signal.removeEventListener('abort', stop);
      resolve({ code, ...said });
    });
  });
}
