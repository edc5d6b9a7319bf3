/** Statuses and their aggregates against the tables of the specification. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aggregate, type Part } from '../../lib/status/aggregate.js';
import {
  asStandby,
  type MixedStatus,
  merge,
  parseStatus,
  type Status,
  settle,
  statusValues,
} from '../../lib/status/values.js';

const SUU = 'up+stdby';
const SUD = 'down+stdby';
const names: MixedStatus[] = ['up', 'down', 'warn', 'n/a', 'stdby up', 'stdby down', SUU, SUD];

/** Row by row as the specification prints them (4.2). */
const rows: Readonly<Record<string, string>> = {
  up: `up, warn, warn, up, ${SUU}, warn, ${SUU}, warn`,
  down: `warn, down, warn, down, ${SUD}, stdby down, warn, ${SUD}`,
  warn: 'warn, warn, warn, warn, warn, warn, warn, warn',
  'n/a': `up, down, warn, n/a, stdby up, stdby down, ${SUU}, ${SUD}`,
  'stdby up': `${SUU}, ${SUD}, warn, stdby up, stdby up, warn, ${SUU}, ${SUD}`,
  'stdby down': 'warn, stdby down, warn, stdby down, warn, stdby down, warn, warn',
  [SUU]: `${SUU}, warn, warn, ${SUU}, ${SUU}, warn, ${SUU}, warn`,
  [SUD]: `warn, ${SUD}, warn, ${SUD}, ${SUD}, warn, warn, ${SUD}`,
};

test.each(Object.entries(rows))('the merge table: row %s', (row, cells) => {
  expect(names.map((column) => merge(row as MixedStatus, column)).join(', ')).toBe(cells);
});

test('merging is commutative, and undef adds nothing', () => {
  const any = fc.constantFrom(...names, 'undef' as const);
  fc.assert(fc.property(any, any, (a, b) => merge(a, b) === merge(b, a)));
  fc.assert(fc.property(any, (a) => merge(a, 'undef') === a));
});

test('mixed values are shown as up and stdby up', () => {
  expect(names.map(settle)).toEqual([...names.slice(0, 6), 'up', 'stdby up']);
});

test('words of people', () => {
  expect(['UP', ' na ', 'stdby down', 'stdby', ''].map(parseStatus)).toEqual([
    'up',
    'n/a',
    'stdby down',
    undefined,
    undefined,
  ]);
  expect(['up', 'down', 'warn', 'n/a', 'undef'].map((word) => asStandby(word as never))).toEqual([
    'stdby up',
    'stdby down',
    'warn',
    'n/a',
    'undef',
  ]);
});

describe('aggregates', () => {
  const part = (group: string, status: Status, more: Partial<Part> = {}): Part => ({
    group,
    status,
    optional: false,
    disabled: false,
    troubled: false,
    ...more,
  });
  const shown = (parts: Part[]) => {
    const { avail, optional, overall } = aggregate(parts);
    return `${avail} | ${optional} | ${overall}`;
  };

  test.each([
    ['no resource', [], 'n/a | n/a | n/a'],
    ['all up', [part('fs', 'up'), part('ip', 'up')], 'up | n/a | up'],
    ['half', [part('fs', 'up'), part('ip', 'down')], 'warn | n/a | warn'],
    ['all down', [part('fs', 'down'), part('app', 'n/a')], 'down | n/a | down'],
    [
      'a disabled one does not count',
      [part('fs', 'up'), part('ip', 'down', { disabled: true })],
      'up | n/a | up',
    ],
    [
      'optional ones have their own',
      [part('fs', 'up'), part('app', 'down', { optional: true })],
      'up | down | warn',
    ],
    ['standby with up', [part('fs', 'stdby up'), part('ip', 'up')], 'up | n/a | up'],
    [
      'standby with down',
      [part('fs', 'stdby up'), part('ip', 'down')],
      'stdby up | n/a | stdby up',
    ],
    [
      'standby down with down',
      [part('fs', 'stdby down'), part('ip', 'down')],
      'stdby down | n/a | stdby down',
    ],
    ['a note of level warn', [part('fs', 'up', { troubled: true })], 'up | n/a | warn'],
    ['a current sync says nothing', [part('fs', 'up'), part('sync', 'up')], 'up | n/a | up'],
    ['a late sync is a warning', [part('fs', 'up'), part('sync', 'down')], 'up | warn | warn'],
    ['undef adds nothing', [part('fs', 'up'), part('disk', 'undef')], 'up | n/a | up'],
  ])('%s', (_, parts, expected) => {
    expect(shown(parts as Part[])).toBe(expected);
  });

  test('groups that stand by show up when the instance is up', () => {
    const { groups } = aggregate([part('fs', 'stdby up'), part('ip', 'up')]);
    expect(groups).toEqual({ fs: 'up', ip: 'up' });
  });

  test('containers with an agent of their own add their instance', () => {
    const result = aggregate([part('container', 'up')], [{ avail: 'down', overall: 'warn' }]);
    expect(result).toMatchObject({ avail: 'warn', overall: 'warn' });
  });

  test('the order of resources does not matter', () => {
    const any = fc.record({
      group: fc.constantFrom('ip', 'disk', 'fs', 'app', 'sync', 'task'),
      status: fc.constantFrom(...statusValues),
      optional: fc.boolean(),
      disabled: fc.boolean(),
      troubled: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 3 }), (parts) => {
        expect(aggregate(parts.toReversed())).toEqual(aggregate(parts));
      }),
    );
  });
});
