import type { ChildProcess } from 'node:child_process';
import type { Level } from '../log/log.js';
import type { Syslog } from '../log/syslog.js';
import { programEnvironment } from './environment.js';

/** The facilities of syslog(3) by name, with their codes. */
export const syslogFacilities = {
  kern: 0,
  user: 1,
  mail: 2,
  daemon: 3,
  auth: 4,
  syslog: 5,
  lpr: 6,
  news: 7,
  uucp: 8,
  cron: 9,
  authpriv: 10,
  ftp: 11,
  local0: 16,
  local1: 17,
  local2: 18,
  local3: 19,
  local4: 20,
  local5: 21,
  local6: 22,
  local7: 23,
} as const;

export type SyslogFacility = keyof typeof syslogFacilities;

/** Severities of syslog(3). */
const severities: Readonly<Record<Level, number>> = { error: 3, warn: 4, info: 6, debug: 7 };

export interface SyslogOptions {
  readonly facility: SyslogFacility;
  readonly level: Level;
  /** A socket of this host, or the UDP port of a host. */
  readonly to: { readonly socket: string } | { readonly host: string; readonly port: number };
}

/** Longest message, bytes; a longer one is sent in parts. */
const maxMessageBytes = 8 << 10;

/**
 * The system log through one logger(1), started by the first record: Node.js has no datagram sockets
 * of the unix domain, and a name of a host must not be looked up here. It lives in its own session,
 * sends what we wrote when we are gone, and ends. Who has no logger, or no daemon, loses the records.
 */
export function createSyslog({ facility, level, to }: SyslogOptions): Syslog {
  let logger: ChildProcess | undefined;
  return {
    level,
    send(recordLevel, line) {
      const priority = syslogFacilities[facility] * 8 + severities[recordLevel];
      try {
        logger ??= startLogger(to);
        if (logger.stdin?.writable) logger.stdin.write(`<${priority}>${line}\n`);
      } catch {
        // A host without room for another process: the files have the record.
      }
    },
  };
}

function startLogger(to: SyslogOptions['to']): ChildProcess {
  const { spawn } = process.getBuiltinModule('node:child_process'); // loaded only for this
  const place =
    'socket' in to
      ? ['--socket', to.socket, '--socket-errors=off']
      : ['--udp', '--server', to.host, '--port', String(to.port), '--rfc3164'];
  const child = spawn(
    'logger',
    [
      '--prio-prefix',
      `--id=${process.pid}`,
      '--tag',
      'nodemgr',
      '-S',
      String(maxMessageBytes),
      ...place,
    ],
    {
      cwd: '/',
      env: programEnvironment({}, {}),
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    },
  );
  const ignore = (): void => undefined;
  child.on('error', ignore);
  child.stdin?.on('error', ignore);
  // Neither holds us at our end: what is written is in the pipe by then.
  child.unref();
  (child.stdin as { unref?(): void } | null)?.unref?.();
  return child;
}
