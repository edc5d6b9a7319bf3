import type { AgentError } from '../errors/agent-error.js';
import {
  createMask,
  levelNames,
  levelRanks,
  printableLines,
  renderMessage,
  renderTime,
} from './format.js';
import type { Fields, Level, Log } from './log.js';
import { LogFile } from './log-file.js';
import type { Syslog } from './syslog.js';

export interface LogOptions {
  /** `<directory>/<name>.log`; made with its directory by the first record. */
  file: string;
  node: string;
  /** The service; default: the node itself. */
  name?: string;
  /** The resource. */
  rid?: string;
  /**
   * Lowest level shown on the console; `debug` also turns on `<name>.debug.log`. The file always has
   * info and above. Default info.
   */
  level?: Level;
  /** UTC milliseconds. */
  now: () => number;
  /** Values that never appear; the set may grow while the log is in use. */
  secrets?: ReadonlySet<string>;
  /** Nothing is written: a dry run only shows. */
  fileless?: boolean;
  /** Where records go besides; undefined: only to the files. */
  syslog?: Syslog | undefined;
  /** Told of each line that the console should show. */
  console?: (level: Level, line: string) => void;
  limits?: Partial<LogLimits>;
}

export interface LogLimits {
  maxBytes: number;
  debugMaxBytes: number;
  keep: number;
}

const defaultLimits: LogLimits = { maxBytes: 5 << 20, debugMaxBytes: 15 << 20, keep: 7 };

/** The log of one object in a file that any number of processes write. */
export interface FileLog extends Log {
  /** The same log for one resource. */
  child(context: { rid: string }): FileLog;
  /** What kept the file from being written, told once; undefined when all went well. */
  takeFailure(): AgentError | undefined;
  /** Frees the descriptors; a later record opens the file again. */
  close(): void;
}

interface Shared {
  options: LogOptions;
  file: LogFile;
  debugFile: LogFile | undefined;
  mask: (text: string) => string;
}

/**
 * A log whose calls never throw and never wait: a full disk loses records, says so once through
 * `takeFailure`, and once more in the file when it can be written again.
 */
export function createLog(options: LogOptions): FileLog {
  const { maxBytes, debugMaxBytes, keep } = { ...defaultLimits, ...options.limits };
  const { file: path, now } = options;
  let mask = createMask([]);
  let masked = 0;
  return bind(
    {
      options,
      file: new LogFile({ path, maxBytes, keep, now }),
      debugFile:
        options.level === 'debug' && !options.fileless
          ? new LogFile({
              path: `${path.replace(/\.log$/, '')}.debug.log`,
              maxBytes: debugMaxBytes,
              keep,
              now,
            })
          : undefined,
      mask(text) {
        const { secrets } = options;
        if (!secrets || secrets.size === 0) return text;
        if (secrets.size !== masked) {
          mask = createMask(secrets);
          masked = secrets.size;
        }
        return mask(text);
      },
    },
    options.rid,
  );
}

function bind(shared: Shared, rid: string | undefined): FileLog {
  const at = (level: Level) => (message: string, fields?: Fields) =>
    record(shared, rid, level, message, fields);
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (context) => bind(shared, context.rid),
    takeFailure: () => shared.file.takeFailure() ?? shared.debugFile?.takeFailure(),
    close() {
      shared.file.close();
      shared.debugFile?.close();
    },
  };
}

function record(
  { options, file, debugFile, mask }: Shared,
  rid: string | undefined,
  level: Level,
  message: string,
  fields?: Fields,
): void {
  const toFile = level !== 'debug' && !options.fileless;
  const toConsole =
    options.console !== undefined && levelRanks[level] >= levelRanks[options.level ?? 'info'];
  const syslog = isSent(options, level) ? options.syslog : undefined;
  if (!toFile && !toConsole && !debugFile && !syslog) return;

  const lines = printableLines(renderMessage(message, fields, mask));
  const source = [options.node, options.name, rid].filter(Boolean).join('.');
  const render = (level: Level, lines: readonly string[]) => {
    const prefix = `${renderTime(options.now())} - ${source} - ${levelNames[level]} - `;
    return lines.map((line) => `${prefix}${line}\n`).join('');
  };
  const text = render(level, lines);
  const aboutLost = (count: number) => render('warn', [`log records lost count=${count}`]);
  if (toFile) file.append(text, aboutLost);
  debugFile?.append(text, aboutLost);
  if (syslog) {
    // The system log has the host in front of each line.
    const name = [options.name ?? 'node', rid].filter(Boolean).join('.');
    for (const line of lines) syslog.send(level, `${name} ${line}`);
  }
  if (toConsole) {
    const tag = level === 'info' ? '' : `${levelNames[level]} `;
    for (const line of lines) options.console?.(level, `${source} ${tag}${line}`);
  }
}

function isSent({ syslog, fileless }: LogOptions, level: Level): boolean {
  return syslog !== undefined && !fileless && levelRanks[level] >= levelRanks[syslog.level];
}
