import { dirname } from 'node:path';
import { formatObjectPath, objectOfConfigFile } from '../../config/object-path.js';
import type { Paths } from '../../env/paths.js';
import type { CommandEntry } from '../command.js';
import { isCommandWord } from '../find-command.js';

const selectorOptions = ['-s', '--service'];

/** What follows these words is for another program, once a service is chosen before them. */
const passthroughWords: readonly string[] = ['docker', 'podman'];

/** Spellings of the first generation, and what they are here (spec service 6.1). */
const spelledOut: Readonly<Record<string, readonly string[]>> = {
  print_config_mtime: ['print', 'config', 'mtime'],
  print_devlist: ['print', 'devs'],
  print_disklist: ['print', 'devs'],
  print_disks: ['print', 'devs'],
  json_status: ['print', 'status', '--format', 'json'],
  json_config: ['print', 'config', '--format', 'json'],
  json_env: ['print', 'config', '--format', 'json'],
  json_schedule: ['print', 'schedule', '--format', 'json'],
  json_devs: ['print', 'devs', '--format', 'json'],
  mount: ['startfs'],
  umount: ['stopfs'],
  startloop: ['startdisk'],
  startvg: ['startdisk'],
  stoploop: ['stopdisk'],
  stopvg: ['stopdisk'],
  syncfullsync: ['sync_full'],
  push_env: ['push_config'],
  push_appinfo: ['push_resinfo'],
  ...Object.fromEntries(
    [
      ...['all', 'nodes', 'drp', 'update', 'resync', 'break', 'verify', 'restore'],
      ...['resume', 'quiesce', 'split', 'establish', 'revert', 'swap'],
    ].map((verb) => [`sync${verb}`, [`sync_${verb}`]]),
  ),
};

/** What a line may begin with besides the words of commands. */
const spelledWords: readonly string[] = [...Object.keys(spelledOut), 'json'];

/** The words of today for those that a line begins with, joined or not. */
function respelled([first = '', ...after]: readonly string[]): string[] {
  const of = (words: string): readonly string[] | undefined =>
    Object.hasOwn(spelledOut, words) ? spelledOut[words] : undefined;
  const joined = of(`${first}_${after[0]}`);
  return joined ? [...joined, ...after.slice(1)] : [...(of(first) ?? [first]), ...after];
}

/**
 * Options of any command that take a value, as far as they may stand before the words of the command:
 * `svcmgr web --rid fs#1 start`. Listing them here keeps the command files unloaded.
 */
export const valuedOptions: readonly string[] = [
  ...['service', 'namespace', 'status', 'state', 'rid', 'tags', 'subsets', 'upto', 'downto'],
  ...['node', 'to', 'waitlock', 'time', 'slave', 'env', 'param', 'value', 'kw', 'add', 'remove'],
  ...['index', 'impersonate', 'config', 'template', 'resource', 'format', 'color', 'backlog'],
  ...['limit', 'since', 'task', 'at', 'driver', 'mtime'],
];

/**
 * Puts what stands before the words of the command behind them, where the parser reads it: options,
 * and the service selection, which is the first bare word that is no word of a command. So
 * `-s X print schedule`, `X --format json print schedule` and `print schedule -s X` are alike.
 */
export function normaliseSelector(
  argv: readonly string[],
  commands: readonly CommandEntry[],
): string[] {
  if (argv[0]?.startsWith('--get-') || argv[0] === 'completion') return [...argv];
  const moved: string[] = [];
  let selector: string | undefined;
  let at = 0;
  for (; at < argv.length; at++) {
    const word = argv[at] ?? '';
    if (word === '--') break;
    if (word.startsWith('-') && word.length > 1) {
      moved.push(word);
      const value = argv[at + 1];
      if (takesValue(word) && value !== undefined) {
        moved.push(value);
        at++;
      }
    } else if (selector === undefined && !hasSelector(moved) && !isFirstWord(word, commands)) {
      selector = word;
    } else {
      break;
    }
  }
  const [word = '', ...more] = argv.slice(at);
  const rest = at === argv.length ? [] : respelled([word, ...more]);
  if (rest.length === 0) {
    const asksHelp = moved.some((one) => ['--help', '-h', '--version'].includes(one));
    return selector === undefined || asksHelp ? moved : [selector, ...moved];
  }
  if (selector !== undefined) moved.push('--service', selector);
  if (passthroughWords.includes(word) && hasSelector(moved)) return [word, ...moved, '--', ...more];
  const literal = rest.indexOf('--');
  const end = literal === -1 ? rest.length : literal;
  return [...rest.slice(0, end), ...moved, ...rest.slice(end)];
}

/** Whether a command line names services by an option. */
export function hasSelector(argv: readonly string[]): boolean {
  return argv.some((word) => selectorOptions.includes(word) || /^(-s.|--service=)/.test(word));
}

/**
 * The service that a program stands for when it is called through the link of a service
 * (`<etc>/web`), undefined when it is called by its own name.
 *
 * @param program path that the program was called by
 */
export function serviceOfLink(paths: Paths, program: string | undefined): string | undefined {
  if (program === undefined || dirname(program) === '.') return undefined;
  const path = objectOfConfigFile(paths, `${program}.conf`);
  return path && formatObjectPath(path);
}

function takesValue(word: string): boolean {
  return word === '-s' || (word.startsWith('--') && valuedOptions.includes(word.slice(2)));
}

function isFirstWord(word: string, commands: readonly CommandEntry[]): boolean {
  return spelledWords.includes(word) || isCommandWord(commands, word);
}
