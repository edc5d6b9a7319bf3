import { AgentError } from '../errors/agent-error.js';

/** Something to say about a configuration, with its place. */
export interface Finding {
  readonly level: 'error' | 'warning';
  readonly line: number;
  readonly column?: number;
  readonly section: string;
  readonly key?: string;
  readonly message: string;
  /** What was probably meant. */
  readonly suggestion?: string;
}

/** A finding as people read it: `file:line: reason`. */
export function formatFinding(file: string, finding: Finding): string {
  const { line, column, level, section, key, message, suggestion } = finding;
  const place = column === undefined ? `${file}:${line}` : `${file}:${line}:${column}`;
  const subject = key === undefined ? `[${section}]` : `[${section}] ${key}`;
  const hint = suggestion === undefined ? '' : ` (did you mean ${suggestion}?)`;
  return `${place}: ${level}: ${section === '' && key === undefined ? '' : `${subject}: `}${message}${hint}`;
}

/** The message of an error that a configuration caused; anything else is a bug and goes on. */
export function messageOf(error: unknown): string {
  if (error instanceof AgentError) return error.message;
  throw error;
}

/**
 * The candidate nearest to a word by insertions, deletions, replacements and swaps of neighbours,
 * or undefined when none is near enough to be meant.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length < 2 || word.length > 40) return undefined;
  const lower = word.toLowerCase();
  let limit = Math.max(1, Math.floor(word.length / 3));
  let best: string | undefined;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - lower.length) > limit) continue;
    const distance = distanceOf(lower, candidate.toLowerCase());
    if (distance > limit || (best !== undefined && distance === limit)) continue;
    limit = distance;
    best = candidate;
  }
  return best;
}

function distanceOf(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        cost = Math.min(cost, (beforeLast[column - 2] ?? 0) + 1);
      }
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length] ?? 0;
}
