import { type ExitName, exitCodes } from './exit-codes.js';

export interface AgentErrorOptions {
  /** Name of the row in `exit-codes.ts`; default `failed`. */
  exit?: ExitName;
  /** What the operator does next, in the imperative. */
  remedy?: string;
  cause?: unknown;
}

/**
 * Anything an operator can meet. `code` is stable (`E_…`), `message` names the object and the fact
 * in lower case. A plain `Error` means a bug and prints its stack; an `AgentError` never does.
 */
export class AgentError extends Error {
  readonly code: string;
  readonly exitCode: number;
  readonly remedy: string | undefined;

  constructor(code: string, message: string, options: AgentErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AgentError';
    this.code = code;
    this.exitCode = exitCodes[options.exit ?? 'failed'].code;
    this.remedy = options.remedy;
  }
}

/** What a thrown value says. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The `code` of a Node.js system error (`ENOENT`, `EACCES`…), or undefined for anything else. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}
