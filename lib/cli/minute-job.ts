/** What starts us every minute: a cron entry or a systemd timer, never both. */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { quoteShellWord } from '../config/shlex.js';
import { writeFileAtomic } from '../env/atomic-file.js';
import { packageRoot } from '../env/package-root.js';
import { AgentError, errnoOf } from '../errors/agent-error.js';
import { createRunner, type Run } from '../exec/run.js';
import type { App } from './app.js';

export type Mechanism = 'cron' | 'systemd';

export interface InstallStep {
  action: 'write' | 'remove' | 'run' | 'keep';
  /** A file, the word `crontab`, or a command line. */
  target: string;
  content: string | null;
}

export const cronFile = '/etc/cron.d/nodemgr';
export const unitFiles = {
  service: '/etc/systemd/system/nodemgr-tick.service',
  timer: '/etc/systemd/system/nodemgr-tick.timer',
} as const;
const timerName = 'nodemgr-tick.timer';

/** Lines of older agents that do the same work. */
const olderAgent = /\bnodemgr (?:schedulers|cron)\b|\bsvcmon |\bsvcmgr resource_monitor\b/;

/**
 * The steps that make the host start the minute job by `wanted` alone. A host that is already right
 * gives `keep` steps: applying them changes nothing.
 */
export async function planInstall(
  app: App,
  wanted: Mechanism | 'none' | 'auto',
  destdir: string,
): Promise<InstallStep[]> {
  const mechanism = wanted === 'auto' ? (runsSystemd() ? 'systemd' : 'cron') : wanted;
  if (app.edge.uid !== 0 && destdir === '') {
    if (mechanism === 'systemd') {
      throw new AgentError('E_NOT_ROOT', 'the systemd units are written by root only', {
        exit: 'notPermitted',
        remedy: 'run it as root, or use --cron for a line in your own crontab',
      });
    }
    return [userCrontabStep(app, await readCrontab(app), mechanism === 'cron')];
  }

  const steps: InstallStep[] = [];
  const place = (path: string, content: string | undefined): void => {
    const target = join(destdir || '/', path);
    const present = readOr(target);
    if (content === undefined) {
      if (present !== undefined) steps.push({ action: 'remove', target, content: null });
    } else {
      steps.push({ action: present === content ? 'keep' : 'write', target, content });
    }
  };
  const timerPresent = existsSync(join(destdir || '/', unitFiles.timer));
  if (mechanism !== 'systemd' && timerPresent && destdir === '' && runsSystemd()) {
    steps.push({ action: 'run', target: `systemctl disable --now ${timerName}`, content: null });
  }
  place(cronFile, mechanism === 'cron' ? cronText(app) : undefined);
  place(unitFiles.service, mechanism === 'systemd' ? serviceText(app) : undefined);
  place(
    unitFiles.timer,
    mechanism === 'systemd' ? template('systemd/nodemgr-tick.timer') : undefined,
  );
  if (
    destdir === '' &&
    runsSystemd() &&
    steps.some(({ action, target }) => action !== 'keep' && target.includes('systemd'))
  ) {
    steps.push({ action: 'run', target: 'systemctl daemon-reload', content: null });
  }
  if (mechanism === 'systemd' && destdir === '' && runsSystemd()) {
    steps.push({ action: 'run', target: `systemctl enable --now ${timerName}`, content: null });
  }
  return steps;
}

/** @param filesOnly write, but run nothing: the files are for another host */
export async function applySteps(
  app: App,
  steps: readonly InstallStep[],
  filesOnly: boolean,
): Promise<void> {
  const run = createRunner({ env: app.edge.env });
  for (const { action, target, content } of steps) {
    if (action === 'remove') rmSync(target, { force: true });
    if (action === 'write' && target === 'crontab') await writeCrontab(run, content ?? '');
    else if (action === 'write') writeSystemFile(target, content ?? '');
    if (action === 'run' && !filesOnly) {
      await run(target.split(' '), { changes: true, acceptExitCodes: [0], timeoutMs: 30_000 });
    }
  }
}

/** What is installed on this host now. */
export async function installedMechanisms(app: App): Promise<Mechanism[]> {
  const found: Mechanism[] = [];
  const crontab = app.edge.uid === 0 ? readOr(cronFile) : await readCrontab(app);
  if (crontab?.split('\n').some(isMinuteJob)) found.push('cron');
  if (existsSync(unitFiles.timer)) found.push('systemd');
  return found;
}

function runsSystemd(): boolean {
  return existsSync('/run/systemd/system');
}

const tickProgram = join(packageRoot, 'bin', 'tick');

/** Settings of this process that the minute job needs as well. */
function settings(app: App): [string, string][] {
  const root = app.edge.env['NODEMGR_ROOT'];
  return [
    ['NODEMGR_NODE', process.execPath],
    ...(root ? [['NODEMGR_ROOT', root] as [string, string]] : []),
  ];
}

function template(name: string): string {
  return readFileSync(join(packageRoot, 'schedules', name), 'utf8');
}

function cronText(app: App): string {
  const env = settings(app).map(([name, value]) => `${name}=${shellWord(value)} `);
  return template('cron.d/nodemgr')
    .replaceAll('@TICK@', shellWord(tickProgram))
    .replaceAll('@ENV@', env.join(''));
}

function serviceText(app: App): string {
  const env = settings(app).map(
    ([name, value]) => `Environment=${JSON.stringify(`${name}=${value}`)}`,
  );
  return template('systemd/nodemgr-tick.service')
    .replaceAll('@TICK@', tickProgram)
    .replaceAll('@ENVIRONMENT@', env.join('\n'));
}

/** A word for sh; `%` is escaped because cron makes a line feed of it. */
function shellWord(text: string): string {
  return quoteShellWord(text).replaceAll('%', '\\%');
}

/** Whether a line of a crontab starts the minute job, of whatever installation. */
function isMinuteJob(line: string): boolean {
  if (line.startsWith('#')) return false;
  const isTick = line.includes(tickProgram) || /nodemgr.*\/bin\/tick(?![\w.-])/i.test(line);
  return isTick || olderAgent.test(line);
}

/** A line with another NODEMGR_ROOT belongs to another installation, and stays. */
function userCrontabStep(app: App, present: string, wanted: boolean): InstallStep {
  const root = app.edge.env['NODEMGR_ROOT'];
  const isOurs = (line: string): boolean =>
    olderAgent.test(line) ||
    (root ? line.includes(`NODEMGR_ROOT=${shellWord(root)} `) : !line.includes('NODEMGR_ROOT='));
  const others = present.split('\n').filter((line) => !isMinuteJob(line) || !isOurs(line));
  const line = cronText(app)
    .split('\n')
    .find((text) => text.startsWith('*'))
    ?.replace(' root ', ' ');
  const lines = others.join('\n').trimEnd();
  const content = [...(lines ? [lines] : []), ...(wanted && line ? [line] : []), ''].join('\n');
  return { action: content === present ? 'keep' : 'write', target: 'crontab', content };
}

/** @throws AgentError when it is not known as a whole: what is not read would be lost */
async function readCrontab(app: App): Promise<string> {
  const run = createRunner({ env: app.edge.env });
  const { stdout, stderr, exitCode, droppedBytes } = await run(['crontab', '-l']);
  if (exitCode === 0 && droppedBytes === 0 && !stdout.includes('\ufffd')) return stdout;
  // As cron and cronie say it, and busybox.
  if (exitCode === 1 && /no crontab for|No such file/.test(stderr)) return '';
  const fact = exitCode === 0 ? 'it is too large, or not UTF-8' : stderr.trim();
  throw new AgentError('E_CRONTAB', `your crontab cannot be read: ${fact}`, {
    remedy: `see \`crontab -l\`, or add the line yourself: * * * * * ${tickProgram}`,
  });
}

async function writeCrontab(run: Run, content: string): Promise<void> {
  await run(['crontab', '-'], { input: content, changes: true, acceptExitCodes: [0] });
}

function writeSystemFile(path: string, content: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    writeFileAtomic(path, content, 0o644);
  } catch (cause) {
    throw new AgentError('E_INSTALL', `${path} cannot be written`, {
      exit: errnoOf(cause) === 'EACCES' ? 'notPermitted' : 'cannotCreate',
      remedy: 'run it as root, or give a directory with --destdir',
      cause,
    });
  }
}

function readOr(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
