/** nodemgr doctor: is this installation able to do its work, and what to do when not. */
import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { distrust, permissionFindings, readConfigFile } from '../../config/file.js';
import { AgentError } from '../../errors/agent-error.js';
import { exitCodes } from '../../errors/exit-codes.js';
import { addonPath, openSqlite } from '../../sqlite/open.js';
import type { App } from '../app.js';
import { defineCommand } from '../command.js';
import { installedMechanisms } from '../minute-job.js';
import { defineShape, listDocument } from '../shape.js';

interface Finding {
  check: string;
  result: 'ok' | 'warn' | 'bad';
  fact: string;
  remedy: string | null;
}

const shape = defineShape<Finding>({
  schema: 'nodemgr.doctor_finding.1',
  describe: 'What `doctor` looked at, with the remedy where something is wrong.',
  fields: {
    check: { type: 'string', describe: 'what was looked at', column: {} },
    result: {
      type: 'ok | warn | bad',
      describe: 'the judgement',
      column: { role: (value) => value as Finding['result'] },
    },
    fact: { type: 'string', describe: 'what is', column: {} },
    remedy: {
      type: 'string | null',
      describe: 'what to do',
      column: { show: (value) => value ?? '' },
    },
  },
});

type Check = (app: App) => Promise<Omit<Finding, 'check'>> | Omit<Finding, 'check'>;

const ok = (fact: string) => ({ result: 'ok' as const, fact, remedy: null });
const warn = (fact: string, remedy: string) => ({ result: 'warn' as const, fact, remedy });
const bad = (fact: string, remedy: string) => ({ result: 'bad' as const, fact, remedy });

const oldestNode = [20, 19] as const;
const staleTickMs = 3 * 60_000;
const leastFreeBytes = 50 << 20;

const checks: Readonly<Record<string, Check>> = {
  'node.js': () => {
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
    const [wantedMajor, wantedMinor] = oldestNode;
    return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)
      ? ok(`${process.versions.node} at ${process.execPath}`)
      : bad(
          `${process.versions.node} is too old`,
          `install Node.js ${wantedMajor}.${wantedMinor} or later`,
        );
  },

  addon: () => {
    try {
      openSqlite(':memory:').close();
      return ok(`ABI ${process.versions.modules}, ${addonPath()}`);
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      return bad(error.message, error.remedy ?? '');
    }
  },

  directories: ({ paths }) => {
    const closed = [paths.etc, paths.var, paths.log, paths.run].filter((directory) => {
      try {
        accessSync(present(directory), constants.R_OK | constants.W_OK | constants.X_OK);
        return false;
      } catch {
        return true;
      }
    });
    return closed.length === 0
      ? ok(`${paths.etc}, ${paths.var}, ${paths.log}, ${paths.run}`)
      : bad(
          `no access to ${closed.join(', ')}`,
          'run it as root, or set NODEMGR_ROOT to a directory of yours',
        );
  },

  configuration: ({ paths, edge }) => {
    const file = readConfigFile(paths.nodeConf);
    if (!file) return ok(`no ${paths.nodeConf}: all defaults`);
    const unsafe = distrust(paths.nodeConf, file.facts, edge.uid);
    if (unsafe) return bad(unsafe.message, unsafe.remedy ?? '');
    const [shown] = permissionFindings(paths.nodeConf, file.facts, edge.uid);
    if (shown) return warn(shown.message, `chmod 600 ${paths.nodeConf}`);
    const problem = file.ini.problems[0];
    return problem
      ? bad(
          `${paths.nodeConf}:${problem.line}: ${problem.message}`,
          'see `nodemgr validate config`',
        )
      : ok(`${paths.nodeConf} is private and readable`);
  },

  'minute job': async (app) => {
    const found = await installedMechanisms(app);
    if (found.length === 0) return warn('nothing starts the minute job', 'run `nodemgr install`');
    return found.length === 1
      ? ok(`started by ${found[0]}`)
      : bad('both cron and systemd start it', 'run `nodemgr install --cron` or `--systemd`');
  },

  'last tick': ({ paths, clock }) => {
    const ages = ['now', 'scan'].flatMap((name) => {
      const stat = statSync(join(paths.run, name), { throwIfNoEntry: false });
      return stat ? [clock.now() - stat.mtimeMs] : [];
    });
    if (ages.length === 0)
      return warn(
        'there was no tick since the boot',
        'run `nodemgr install`, or `nodemgr schedulers` once',
      );
    const seconds = Math.round(Math.min(...ages) / 1000);
    return seconds * 1000 <= staleTickMs
      ? ok(`${seconds} s ago`)
      : bad(`${seconds} s ago`, 'look at cron or the timer: is it running, does it mail errors?');
  },

  clock: ({ clock, paths }) => {
    const newest = statSync(paths.store, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    const year = new Date(clock.now()).getFullYear();
    if (year < 2024) return bad(`the clock says ${year}`, 'set the clock, or let NTP do it');
    return newest > clock.now() + 60_000
      ? warn(
          'the store was last written in the future',
          'check the clock; schedules go on by themselves',
        )
      : ok(new Date(clock.now()).toISOString());
  },

  disk: ({ paths }) => {
    const place = present(paths.var);
    const { bavail, bsize, ffree, files } = statfsSync(place);
    const free = bavail * bsize;
    if (files > 0 && ffree === 0)
      return bad(`no free inode for ${place}`, 'remove files from its file system');
    return free >= leastFreeBytes
      ? ok(`${Math.round(free / (1 << 20))} MiB free for ${place}`)
      : bad(
          `${Math.round(free / (1 << 20))} MiB free for ${place}`,
          'free space on its file system',
        );
  },

  store: async (app) => {
    if (!existsSync(app.paths.store)) return ok('not made yet: the first tick does it');
    const store = await app.store();
    const answer = store.connection.pragma('quick_check(1)', { simple: true });
    return answer === 'ok'
      ? ok(app.paths.store)
      : bad(
          `${app.paths.store}: ${String(answer)}`,
          'move the file away; the next tick makes a new one',
        );
  },
};

export default defineCommand({
  options: {},
  examples: [['$0 doctor', 'look at everything that keeps schedules from running']],
  async run(app, args) {
    const findings: Finding[] = [];
    for (const [check, look] of Object.entries(checks)) {
      findings.push({ check, ...(await judge(look, app)) });
    }
    await app.emit(listDocument(shape, findings), args);
    return findings.some(({ result }) => result === 'bad') ? exitCodes.failed.code : 0;
  },
});

/** The directory itself, or that one above it in which it would be made. */
function present(directory: string): string {
  return existsSync(directory) ? directory : present(dirname(directory));
}

async function judge(look: Check, app: App): Promise<Omit<Finding, 'check'>> {
  try {
    return await look(app);
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    return bad(error.message, error.remedy ?? '');
  }
}
