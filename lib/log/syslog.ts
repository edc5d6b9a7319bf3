import type { Level } from './log.js';

/** Where records go besides the files: the system log of the host, or of another one. */
export interface Syslog {
  /** Lowest level that is sent. */
  readonly level: Level;
  /** Never throws and never waits: a record that cannot be sent is lost. */
  send(level: Level, line: string): void;
}
