import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatDuration, inUnit, parseDuration } from '../../lib/units/duration.js';
import { isDecimalSize, parseSize, parseSizeShare } from '../../lib/units/size.js';
import { parseSpeed } from '../../lib/units/speed.js';

const durations = [
  { text: '1w2d3h4m5s', ms: 788_645_000, why: 'every part' },
  { text: '1H30M', ms: 5_400_000, why: 'case does not matter' },
  { text: '90', ms: 90_000, why: 'a bare number counts seconds' },
  { text: ' 5m ', ms: 300_000, why: 'blanks around do not matter' },
  { text: '0', ms: 0, why: 'nothing is a duration' },
  { text: '1.5', ms: 1500, why: 'a decimal bare number' },
  { text: '0.5h', ms: 1_800_000, why: 'a decimal part' },
  { text: '2s250ms', ms: 2250, why: 'milliseconds come last' },
  { text: '5s1m', ms: undefined, why: 'the order is fixed' },
  { text: '1m1m', ms: undefined, why: 'a part stands once' },
  { text: '', ms: undefined, why: 'an empty text is no duration' },
  { text: '-5', ms: undefined, why: 'time does not run backwards' },
  { text: '1y', ms: undefined, why: 'an unknown unit' },
  { text: '1h 30m', ms: undefined, why: 'no blanks inside' },
  { text: '99999999999999w', ms: undefined, why: 'more than can be counted' },
  { text: '1e3', ms: undefined, why: 'no exponents' },
];

test.each(durations)('duration "$text": $why', ({ text, ms }) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each([
  { unit: 'm' as const, text: '121', ms: 7_260_000, why: 'sync_interval counts minutes' },
  { unit: 'm' as const, text: '121s', ms: 121_000, why: 'a written unit wins' },
  { unit: 'd' as const, text: '2', ms: 172_800_000, why: 'days' },
  { unit: 'ms' as const, text: '2', ms: 2, why: 'milliseconds' },
])('duration "$text" in $unit: $why', ({ unit, text, ms }) => {
  expect(parseDuration(text, unit)).toBe(ms);
  if (/^\d+$/.test(text)) expect(inUnit(ms, unit)).toBe(Number(text));
});

test.each([
  { ms: 0, text: '0s', why: 'none' },
  { ms: 5_400_000, text: '1h30m', why: 'empty parts are left out' },
  { ms: 604_800_000, text: '1w', why: 'the largest unit first' },
  { ms: 1, text: '1ms', why: 'less than a second' },
  { ms: -90_000, text: '-1m30s', why: 'a difference may be negative' },
  { ms: Number.NaN, text: '0s', why: 'never a broken text' },
])('format duration $ms: $why', ({ ms, text }) => {
  expect(formatDuration(ms)).toBe(text);
});

const sizes = [
  { text: '10', bytes: 10, why: 'bytes' },
  { text: '', bytes: 0, why: 'nothing is 0' },
  { text: '0', bytes: 0, why: 'zero' },
  { text: '1k', bytes: 1024, why: 'powers of 1024' },
  { text: '100m', bytes: 104_857_600, why: 'the default of disk.loop' },
  { text: '1MB', bytes: 1_048_576, why: 'B is ignored' },
  { text: '1MiB', bytes: 1_000_000, why: 'sic: an i makes it decimal' },
  { text: '1ki', bytes: 1000, why: 'sic, without B' },
  { text: '1,5G', bytes: 1_610_612_736, why: 'a decimal comma' },
  { text: '1.5 g', bytes: 1_610_612_736, why: 'a decimal point and a blank' },
  { text: '0.1k', bytes: 102, why: 'whole bytes, rounded down' },
  { text: '1t', bytes: 1024 ** 4, why: 'tera' },
  { text: '2P', bytes: 2 * 1024 ** 5, why: 'peta' },
  { text: '1e', bytes: undefined, why: 'exact bytes end before exa' },
  { text: '1kk', bytes: undefined, why: 'two prefixes' },
  { text: '-1k', bytes: undefined, why: 'a negative size' },
  { text: '1x', bytes: undefined, why: 'an unknown unit' },
  { text: '.5k', bytes: undefined, why: 'no digit before the point' },
  { text: '50%FREE', bytes: undefined, why: 'a share is no number of bytes' },
];

test.each(sizes)('size "$text": $why', ({ text, bytes }) => {
  expect(parseSize(text)).toBe(bytes);
});

test.each([
  { text: '50%free', share: '50%FREE', why: 'upper case for LVM' },
  { text: '100%VG', share: '100%VG', why: 'of the volume group' },
  { text: '10%', share: '10%', why: 'of the origin of a snapshot' },
  { text: '10%PVS', share: '10%PVS', why: 'of the physical volumes' },
  { text: '10%NODE', share: undefined, why: 'of nothing known' },
  { text: '10', share: undefined, why: 'a plain number' },
])('share "$text": $why', ({ text, share }) => {
  expect(parseSizeShare(text)).toBe(share);
});

test.each([
  { text: '1MiB', decimal: true, why: 'an i' },
  { text: '1MB', decimal: false, why: 'no i' },
  { text: 'ib', decimal: false, why: 'no size' },
])('is "$text" decimal: $why', ({ text, decimal }) => {
  expect(isDecimalSize(text)).toBe(decimal);
});

test.each([
  { text: '512', speed: 512, why: 'a bare number counts KB' },
  { text: '10m/s', speed: 10_240, why: 'per second may be said' },
  { text: '2048b', speed: 2, why: 'bytes' },
  { text: '', speed: 0, why: 'nothing is 0' },
  { text: 'fast', speed: undefined, why: 'no number' },
])('speed "$text": $why', ({ text, speed }) => {
  expect(parseSpeed(text)).toBe(speed);
});

describe('what is written is read back', () => {
  const whole = fc.maxSafeNat();
  test('durations', () => {
    fc.assert(fc.property(whole, (ms) => parseDuration(formatDuration(ms)) === ms));
  });
  test('any text is read or refused', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        for (const value of [parseDuration(text), parseSize(text), parseSpeed(text)]) {
          expect(value === undefined || value >= 0).toBe(true);
        }
      }),
    );
  });
});
