/** Time zones as values: a name and the offset of local time at an instant. */
import { AgentError } from '../errors/agent-error.js';

export interface Zone {
  /** `local`, or a name of the IANA database. */
  readonly name: string;
  /** Minutes that local time is ahead of UTC: 60 in Paris in winter, -300 in New York. */
  offsetMinutesAt(utcMs: number): number;
}

/** The zone of this process (`TZ` or /etc/localtime). Loads no zone data of its own. */
export function localZone(): Zone {
  return local;
}

/**
 * A zone of the IANA database. Answers are remembered, so the same zone is returned for the same
 * name. Throws `E_TIMEZONE` for a name the database does not have.
 */
export function namedZone(name: string): Zone {
  let zone = zones.get(name);
  if (zone === undefined) {
    zone = name === 'UTC' ? utc : readZone(name);
    zones.set(name, zone);
  }
  return zone;
}

const local: Zone = {
  name: 'local',
  offsetMinutesAt: (utcMs) => -new Date(utcMs).getTimezoneOffset(),
};

const utc: Zone = { name: 'UTC', offsetMinutesAt: () => 0 };

const zones = new Map<string, Zone>();

function readZone(name: string): Zone {
  const formatter = openFormatter(name);
  const offsetOf = (utcMs: number): number => {
    const text = formatter.format(utcMs);
    const found = /GMT(?:([+-])(\d\d):(\d\d))?/.exec(text);
    if (found === null) throw new Error(`no offset in '${text}'`);
    const minutes = Number(found[2] ?? 0) * 60 + Number(found[3] ?? 0);
    return found[1] === '-' ? -minutes : minutes;
  };
  return { name, offsetMinutesAt: remember(offsetOf) };
}

function openFormatter(name: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new AgentError('E_TIMEZONE', `unknown time zone '${name}'`, {
      exit: 'config',
      remedy: 'give a name of the IANA database, such as Europe/Paris',
      cause,
    });
  }
}

// No zone changes its clock twice within four days, so one change per block is enough.
const BLOCK_MS = 4 * 86_400_000;
const MAX_BLOCKS = 4_096;

interface Block {
  /** The first instant of the block that has the offset `after`; infinite when none has. */
  readonly changeMs: number;
  readonly before: number;
  readonly after: number;
}

function remember(offsetOf: (utcMs: number) => number): (utcMs: number) => number {
  const blocks = new Map<number, Block>();
  return (utcMs) => {
    const index = Math.floor(utcMs / BLOCK_MS);
    let block = blocks.get(index);
    if (block === undefined) {
      if (blocks.size >= MAX_BLOCKS) blocks.clear();
      block = readBlock(offsetOf, index * BLOCK_MS);
      blocks.set(index, block);
    }
    return utcMs < block.changeMs ? block.before : block.after;
  };
}

function readBlock(offsetOf: (utcMs: number) => number, startMs: number): Block {
  const before = offsetOf(startMs);
  const after = offsetOf(startMs + BLOCK_MS);
  if (before === after) return { changeMs: Number.POSITIVE_INFINITY, before, after };
  let low = startMs;
  let high = startMs + BLOCK_MS;
  while (high - low > 1_000) {
    const middle = low + Math.floor((high - low) / 2_000) * 1_000;
    if (offsetOf(middle) === before) low = middle;
    else high = middle;
  }
  return { changeMs: high, before, after };
}
