import { basename } from 'node:path';
import { splitShellWords } from '../../config/shlex.js';
import type { ReadContext, ServiceFacts } from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';
import type { RunOptions } from '../../exec/run.js';
import { ownAccount, userNameOf } from '../../host/account-ids.js';
import type { FileFacts } from '../../host/file-facts.js';
import { limitsOf } from '../limit-keywords.js';
import { factsOf } from '../storage-questions.js';
import type { AppKeywords } from './keywords.js';

export type AppVerb = 'start' | 'stop' | 'check' | 'info';

/** What the keyword of a verb asks for. */
export type AppCommand =
  | { readonly kind: 'none' }
  /** The launcher with an argument; `sequence` is its place among its neighbours. */
  | { readonly kind: 'script'; readonly sequence: number | undefined }
  | { readonly kind: 'line'; readonly text: string };

/** Reads the keyword of a verb: a number, a boolean, or a command line. */
export function commandOf(text: string | undefined): AppCommand {
  const word = text?.trim() ?? '';
  if (/^\d+$/.test(word)) return { kind: 'script', sequence: Number(word) };
  if (/^(true|yes|y|t)$/i.test(word)) return { kind: 'script', sequence: undefined };
  if (/^(|false|no|n|f|none)$/i.test(word)) return { kind: 'none' };
  return { kind: 'line', text: word };
}

/** The place of an app in a start or stop: its sequence number. */
export function sequenceOf(kw: AppKeywords, action: string): number | undefined {
  const command = commandOf(isStop(action) ? kw.stop : kw.start);
  return command.kind === 'script' ? command.sequence : undefined;
}

function isStop(action: string): boolean {
  return action === 'stop' || action === 'shutdown' || action === 'unprovision';
}

/** The name that an app goes by: that of its launcher or of its command. */
export function programName(kw: AppKeywords): string {
  if (kw.script !== undefined) return basename(kw.script);
  const line = [kw.start, kw.stop, kw.check].map(commandOf).find(({ kind }) => kind === 'line');
  return basename(line?.kind === 'line' ? (line.text.split(/\s/)[0] ?? '') : '') || 'app';
}

/** A program of the operator, ready to be run. */
export interface Program {
  readonly argv: readonly string[];
  /** As the operator wrote it. */
  readonly text: string;
  /** Account that it is run by. */
  readonly user: string;
  /** Launcher that it is, undefined for a command line. */
  readonly script: string | undefined;
  /** Undefined when there is no launcher, or no such file. */
  readonly file: FileFacts | undefined;
  readonly options: RunOptions;
}

const argumentOf: Readonly<Record<AppVerb, string>> = {
  start: 'start',
  stop: 'stop',
  check: 'status',
  info: 'info',
};

/**
 * What is run for a verb; undefined when the verb is not enabled.
 * @throws AgentError `E_NO_SCRIPT` when no launcher is configured, `E_VALUE` for an open quote,
 *   `E_SILENT` when the file system of the launcher does not answer
 */
export async function programOf(
  kw: AppKeywords,
  verb: AppVerb,
  context: ReadContext,
): Promise<Program | undefined> {
  const command = commandOf(kw[verb]);
  if (command.kind === 'none') return undefined;
  if (command.kind === 'line') {
    const user = kw.user ?? ownAccount().name;
    return {
      argv: argvOfLine(command.text),
      text: command.text,
      user,
      script: undefined,
      file: undefined,
      options: optionsOf(kw, verb, context, { user, group: kw.group }),
    };
  }
  const script = scriptOf(kw, context.service);
  const file = await factsOf(context, script);
  const account = accountOf(kw, file);
  const argument = argumentOf[verb];
  return {
    argv: [script, argument],
    text: `${script} ${argument}`,
    user: account.user,
    script,
    file,
    options: optionsOf(kw, verb, context, account),
  };
}

/** Shell or words, by the rule for apps: a semicolon counts at the end of a word. */
function argvOfLine(text: string): string[] {
  return /\||&&|;(\s|$)/.test(text) ? ['/bin/sh', '-c', text] : splitShellWords(text);
}

function scriptOf({ script }: AppKeywords, service: ServiceFacts): string {
  if (script === undefined) {
    throw new AgentError('E_NO_SCRIPT', 'no launcher is configured', {
      exit: 'config',
      remedy: 'set `script`, or write a command line in place of the number or boolean',
    });
  }
  return script.startsWith('/') ? script : `${service.scripts}/${script}`;
}

interface Account {
  readonly user: string;
  readonly group: string | undefined;
}

/** Root may lend its launchers to others; what belongs to somebody else runs as that account. */
function accountOf(kw: AppKeywords, file: FileFacts | undefined): Account {
  if (file && file.uid !== 0) return { user: userNameOf(file.uid), group: undefined };
  return { user: kw.user ?? ownAccount().name, group: kw.group };
}

/** How long a question may take that nobody gave a limit. */
const questionTimeoutMs = 30_000;

/** The limit of a verb, ms; undefined: none was configured. */
export function timeoutOf(kw: AppKeywords, verb: AppVerb): number | undefined {
  return kw[`${verb}_timeout`] ?? kw.timeout;
}

function optionsOf(
  kw: AppKeywords,
  verb: AppVerb,
  context: ReadContext,
  { user, group }: Account,
): RunOptions {
  const isQuestion = verb === 'check' || verb === 'info';
  const timeoutMs = timeoutOf(kw, verb) ?? (isQuestion ? questionTimeoutMs : 0);
  return {
    timeoutMs,
    ...(timeoutMs > 0 && { graceMs: timeoutMs }),
    cwd: kw.cwd,
    user,
    ...(group !== undefined && { group }),
    ...(kw.umask !== undefined && { umask: Number.parseInt(kw.umask, 8) }),
    limits: limitsOf(kw),
    env: {
      ...context.environment,
      LANG: 'C',
      PWD: kw.cwd,
      ...assignments(kw.environment ?? []),
    },
    ...(!isQuestion && context.processGroup()),
  };
}

function assignments(words: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    words.map((word) => {
      const equal = word.indexOf('=');
      return equal === -1
        ? [word.toUpperCase(), '']
        : [word.slice(0, equal).toUpperCase(), word.slice(equal + 1)];
    }),
  );
}
