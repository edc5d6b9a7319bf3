/** Random schedules and instants for the property tests. */
import fc from 'fast-check';
import { monthNames, weekdayNames } from '../../lib/schedule/names.js';

export const zoneNames = [
  'UTC',
  'Europe/Paris',
  'America/New_York',
  'Australia/Lord_Howe',
  'Asia/Kolkata',
  'Pacific/Apia',
];

/** Clock changes of these zones, with days before and after them. */
const changes = [
  '2026-03-29T01:00Z', // Paris, forward
  '2026-10-25T01:00Z', // Paris, back
  '2026-03-08T07:00Z', // New York, forward
  '2026-11-01T06:00Z', // New York, back
  '2026-10-03T15:30Z', // Lord Howe, half an hour forward
  '2026-04-04T15:00Z', // Lord Howe, half an hour back
  '2011-12-30T10:00Z', // Apia leaves out a whole day
  '2012-03-31T14:00Z', // Apia, back
  '2024-02-29T12:00Z',
  '2026-12-31T23:00Z',
].map((text) => Date.parse(text));

const hour = 3_600_000;

/** An instant with seconds, most of them within 30 hours of a clock change. */
export const instants = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.constantFrom(...changes), fc.integer({ min: -108_000, max: 108_000 }))
      .map(([change, seconds]) => change + seconds * 1_000),
  },
  {
    weight: 1,
    arbitrary: fc
      .integer({ min: Date.UTC(2010, 0) / 1_000, max: Date.UTC(2040, 0) / 1_000 })
      .map((seconds) => seconds * 1_000),
  },
);

/** A last run relative to `now`: none, seconds, hours or weeks ago, or in the future. */
export const lastOffsets = fc.oneof(
  fc.constant(undefined),
  fc.integer({ min: 0, max: 600 }).map((s) => -s * 1_000),
  fc.integer({ min: 0, max: 48 * 60 }).map((m) => -m * 60_000),
  fc.integer({ min: 0, max: 60 * 24 }).map((h) => -h * hour),
  fc.integer({ min: 0, max: 4_000 }).map((s) => s * 1_000),
);

const two = (n: number) => String(n).padStart(2, '0');
const number = (min: number, max: number) => fc.integer({ min, max });

// Small hours come often, because that is when clocks change.
const hours = fc.oneof(number(0, 4), number(0, 23));
const time = fc
  .tuple(hours, number(0, 59), fc.option(number(0, 59), { freq: 6 }))
  .map(([h, m, s]) => `${two(h)}:${two(m)}${s === null ? '' : `:${two(s)}`}`);

const window = fc.oneof(
  fc.constantFrom('', '*', '00:00-24:00', '00:00-23:59'),
  time,
  fc.tuple(time, time).map(([from, to]) => `${from}-${to}`),
);

const interval = fc.oneof(
  fc.constantFrom('', '', '@0', '@1', '@10', '@61', '@361', '@1h30m', '@90s', '@1d', '@2w'),
  number(1, 2_000).map((n) => `@${n}`),
);

const timerange = fc
  .tuple(fc.constantFrom('', '', '', '~'), window, interval)
  .map(([tilde, range, every]) => `${tilde}${range === '' && every === '' ? '*' : range}${every}`);

const span = (value: fc.Arbitrary<string>) =>
  fc.oneof(
    value,
    fc.tuple(value, value).map(([a, b]) => `${a}-${b}`),
  );

const modulo = fc
  .tuple(number(1, 4), fc.option(number(0, 5)))
  .map(([m, s]) => `%${m}${s === null ? '' : `+${s}`}`);

const names = (words: readonly string[]) =>
  fc.constantFrom(...words, ...words.map((word) => word.slice(0, 3).toUpperCase()));

const weekdays = span(
  fc.oneof(
    names(weekdayNames),
    number(1, 7).map((n) => `${n}`),
  ),
);
const ranks = fc.constantFrom('first', '2nd', 'third', '4th', 'fifth', 'last', '+1', '-1', '-2');
const day = fc.oneof(
  fc.constant('*'),
  weekdays,
  fc.tuple(weekdays, fc.oneof(ranks, modulo)).map(([d, r]) => `${d}:${r}`),
  fc.tuple(weekdays, number(1, 31)).map(([d, n]) => `${d}:${n}`),
  fc.oneof(ranks, modulo, number(1, 31), number(-31, -1)).map((n) => `:${n}`),
  number(-31, -1).map((n) => `${n}`),
);

const filter = (value: fc.Arbitrary<string>) =>
  fc.oneof(
    fc.constant('*'),
    fc.tuple(span(value), fc.oneof(fc.constant(''), modulo)).map((parts) => parts.join('')),
    modulo,
  );
const week = filter(number(1, 53).map((n) => `${n}`));
const month = filter(
  fc.oneof(
    names(monthNames),
    number(1, 12).map((n) => `${n}`),
  ),
);

const list = (element: fc.Arbitrary<string>) =>
  fc.array(element, { minLength: 1, maxLength: 2 }).map((elements) => elements.join(','));

export const nativeDefinitions = fc
  .tuple(
    list(timerange),
    fc.option(fc.tuple(list(day), fc.option(fc.tuple(list(week), fc.option(list(month)))))),
  )
  .map(([ranges, filters]) => {
    if (filters === null) return ranges;
    const [days, rest] = filters;
    if (rest === null) return `${ranges} ${days}`;
    const [weeks, months] = rest;
    return [ranges, days, weeks, ...(months === null ? [] : [months])].join(' ');
  });

const cronNumber = (min: number, max: number) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constant('*') },
    {
      weight: 4,
      arbitrary: fc
        .uniqueArray(number(min, max), { minLength: 1, maxLength: 3 })
        .map((n) => `${n}`),
    },
    { weight: 1, arbitrary: number(2, 20).map((n) => `*/${n}`) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(number(min, max), number(min, max))
        .map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
    },
  );

const cronHour = fc.oneof(
  cronNumber(0, 23),
  fc.constantFrom('0', '1', '2', '3', '1-3', '*/2', '0,2'),
);

export const cronDefinitions = fc.oneof(
  fc.constantFrom('@daily', '@HOURLY', '@midnight', '@weekly', '@weekdays', '@yearly', '@minutely'),
  fc
    .tuple(
      fc.option(fc.constantFrom('0', '30', '*/20'), { freq: 6 }),
      cronNumber(0, 59),
      cronHour,
      fc.oneof({ weight: 3, arbitrary: fc.constant('*') }, cronNumber(1, 28), fc.constant('L')),
      fc.oneof({ weight: 5, arbitrary: fc.constant('*') }, cronNumber(1, 12)),
      fc.oneof(
        { weight: 4, arbitrary: fc.constant('*') },
        cronNumber(0, 6),
        fc.constantFrom('5L', '1#2', 'MON', 'sat,sun'),
      ),
    )
    .map((fields) => fields.filter((field) => field !== null).join(' ')),
);

const definition = fc.oneof(
  { weight: 3, arbitrary: nativeDefinitions },
  { weight: 1, arbitrary: cronDefinitions },
);

/** One definition, or a JSON list in which some exclude. */
export const schedules = fc.oneof(
  definition,
  fc
    .array(
      fc.tuple(fc.boolean(), definition).map(([exclude, text]) => (exclude ? `! ${text}` : text)),
      { minLength: 1, maxLength: 3 },
    )
    .map((members) => JSON.stringify(members)),
);
