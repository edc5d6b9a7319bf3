/** What a log line says besides its fixed phrase. */
export type Fields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/**
 * `error`: someone must act. `warn`: someone should look. `info`: the host changed.
 * `debug`: what was read and decided, always with the reason why a task was skipped.
 */
export type Level = 'debug' | 'info' | 'warn' | 'error';

export interface Log {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
}

const nothing = (): void => undefined;

/** A log that goes nowhere, for callers that have none. */
export const silentLog: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
