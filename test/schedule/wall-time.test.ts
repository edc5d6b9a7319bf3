/** Local time against the tables of Intl, minute by minute over the nights of clock changes. */
import { describe, expect, test } from 'vitest';
import { resolveWall } from '../../lib/schedule/wall-time.js';
import { localZone, namedZone } from '../../lib/schedule/zone.js';

const minute = 60_000;
const day = 86_400_000;

const nights = [
  { zone: 'Europe/Paris', at: '2026-03-29T01:00Z', why: 'one hour forward' },
  { zone: 'Europe/Paris', at: '2026-10-25T01:00Z', why: 'one hour back' },
  { zone: 'America/New_York', at: '2026-03-08T07:00Z', why: 'one hour forward' },
  { zone: 'America/New_York', at: '2026-11-01T06:00Z', why: 'one hour back' },
  { zone: 'Australia/Lord_Howe', at: '2026-10-03T15:30Z', why: 'half an hour forward' },
  { zone: 'Australia/Lord_Howe', at: '2026-04-04T15:00Z', why: 'half an hour back' },
  { zone: 'America/Sao_Paulo', at: '2018-11-04T03:00Z', why: 'midnight is missing' },
  { zone: 'America/Sao_Paulo', at: '2019-02-17T02:00Z', why: 'the hour before midnight twice' },
  { zone: 'America/Havana', at: '2026-03-08T05:00Z', why: 'midnight is missing' },
  { zone: 'America/Havana', at: '2026-11-01T05:00Z', why: 'midnight twice' },
  { zone: 'America/St_Johns', at: '2010-11-07T02:31Z', why: 'one minute past midnight' },
  { zone: 'Pacific/Apia', at: '2011-12-30T10:00Z', why: 'a whole day is missing' },
  { zone: 'Pacific/Kiritimati', at: '2026-06-01T00:00Z', why: 'UTC+14, no change' },
  { zone: 'Pacific/Niue', at: '2026-06-01T00:00Z', why: 'UTC-11, no change' },
  { zone: 'Africa/Casablanca', at: '2026-02-15T02:00Z', why: 'ramadan, one hour back' },
];

describe.each(nights)('$zone at $at: $why', ({ zone: name, at }) => {
  const around = Date.parse(at);
  const zone = namedZone(name);
  const table = wallTable(name, around - 3 * day, around + 3 * day);

  test('every instant has the offset of Intl', () => {
    for (const [wall, found] of table)
      for (const instant of found) expect(wall - instant).toBe(offset(zone, instant));
  });

  test('every wall time has its instants', () => {
    const gap = Math.max(0, changeOf(zone, around));
    for (let wall = around - day; wall < around + day; wall += minute) {
      const found = table.get(wall);
      const resolved = resolveWall(zone, wall);
      if (found === undefined) {
        expect(table.get(wall + gap)).toContain(resolved.first);
        expect(resolved).toMatchObject({ gap: true, last: resolved.first });
      } else expect(resolved).toMatchObject({ gap: false, first: found[0], last: found.at(-1) });
    }
  });
});

test('an unknown zone is an error with a code', () => {
  for (const name of ['Mars/Olympus', '', 'local', 'Europe/Paris ']) {
    const call = () => namedZone(name);
    expect(call).toThrow(expect.objectContaining({ code: 'E_TIMEZONE', exitCode: 78 }));
  }
});

test('a zone is read once', () => {
  expect(namedZone('Europe/Paris')).toBe(namedZone('Europe/Paris'));
});

test('the local zone never asks for zone data', () => {
  const real = Intl.DateTimeFormat;
  try {
    Intl.DateTimeFormat = (() => {
      throw new Error('zone data');
    }) as unknown as typeof Intl.DateTimeFormat;
    const instant = Date.UTC(2026, 6, 1);
    expect(localZone().offsetMinutesAt(instant)).toBe(-new Date(instant).getTimezoneOffset());
    expect(resolveWall(localZone(), instant).gap).toBe(false);
    expect(namedZone('UTC').offsetMinutesAt(instant)).toBe(0);
  } finally {
    Intl.DateTimeFormat = real;
  }
});

function offset(zone: { offsetMinutesAt(utcMs: number): number }, utcMs: number): number {
  return zone.offsetMinutesAt(utcMs) * minute;
}

function changeOf(zone: { offsetMinutesAt(utcMs: number): number }, around: number): number {
  return offset(zone, around + 2 * day) - offset(zone, around - 2 * day);
}

/** The instants of each wall minute, by what Intl prints for each instant. */
function wallTable(name: string, from: number, to: number): Map<number, number[]> {
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone: name,
    dateStyle: 'short',
    timeStyle: 'medium',
  });
  const table = new Map<number, number[]>();
  for (let instant = from; instant < to; instant += minute) {
    const wall = Date.parse(`${format.format(instant).replace(' ', 'T')}Z`);
    const instants = table.get(wall);
    if (instants === undefined) table.set(wall, [instant]);
    else instants.push(instant);
  }
  return table;
}
