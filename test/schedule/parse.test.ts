/** Reading: what is refused, with which words, and what is doubtful. */
import { describe, expect, test } from 'vitest';
import { compileSchedule } from '../../lib/schedule/parse.js';
import { ScheduleError } from '../../lib/schedule/schedule-error.js';
import { scheduleWarnings } from '../../lib/schedule/warnings.js';
import { formatSchedule } from './readings.js';

const refused = [
  ['["@10"', 'E_JSON: expected a JSON list of strings in \'["@10"\''],
  ['{"a":1}', 'E_TIME: invalid time in \'{"a":1}\''],
  ['["@10", null]', 'E_JSON: expected a JSON list of strings in \'["@10", null]\''],
  ['"@10', "E_JSON: expected a JSON list of strings in '\"@10'"],
  ['[["@10"]]', 'E_JSON: expected a JSON list of strings in \'[["@10"]]\''],
  ['* * * * * * *', "E_FIELDS: too many fields in '* * * * * * *'"],
  ['10:00,', "E_EMPTY: empty element in '10:00,'"],
  ['!', "E_EMPTY: empty element in '!'"],
  ['~', "E_EMPTY: empty element in '~'"],
  ['["*", "! "]', "E_EMPTY: empty element in '!'"],
  ['* mon,,tue', "E_EMPTY: empty element in 'mon,,tue'"],
  ['* * ,5', "E_EMPTY: empty element in ',5'"],
  ['09:00-10:00@5@6', "E_AT: a timerange takes one interval in '09:00-10:00@5@6'"],
  ['@', "E_INTERVAL: invalid duration in '@'"],
  ['@1h30', "E_INTERVAL: invalid duration in '@1h30'"],
  ['@-5', "E_INTERVAL: invalid duration in '@-5'"],
  ['@99999999999999999999', "E_INTERVAL: invalid duration in '@99999999999999999999'"],
  ['*,09:00-10:00-11:00', "E_DASH: a range takes one dash in '09:00-10:00-11:00'"],
  ['* mon-wed-fri', "E_DASH: a range takes one dash in 'mon-wed-fri'"],
  ['24:00', "E_TIME: invalid time in '24:00'"],
  ['24:00-01:00', "E_TIME: invalid time in '24:00-01:00'"],
  ['09:00-24:00:00', "E_TIME: invalid time in '09:00-24:00:00'"],
  ['9:5', "E_TIME: invalid time in '9:5'"],
  ['09:60', "E_TIME: invalid time in '09:60'"],
  ['09:00-', "E_TIME: invalid time in '09:00-'"],
  ['*-10:00', "E_TIME: invalid time in '*-10:00'"],
  ['~~09:00', "E_TIME: invalid time in '~~09:00'"],
  ['!!09:00', "E_TIME: invalid time in '!09:00'"],
  ['* mon:1:2', "E_COLON: a day takes one colon in 'mon:1:2'"],
  ['* mon:', "E_MONTHDAY: invalid day of month in 'mon:'"],
  ['* :+0', "E_MONTHDAY: invalid day of month in ':+0'"],
  ['* -0', "E_MONTHDAY: invalid day of month in '-0'"],
  ['* :sixth', "E_MONTHDAY: invalid day of month in ':sixth'"],
  ['* first', "E_NAME: unknown name in 'first'"],
  ['* mon-', "E_NAME: unknown name in 'mon-'"],
  ['* Freday', "E_NAME: unknown name in 'Freday'"],
  ['* * * mon', "E_NAME: unknown name in 'mon'"],
  ['* * 1-', "E_WEEK: invalid week in '1-'"],
  ['* * -5', "E_WEEK: invalid week in '-5'"],
  ['* 8', "E_RANGE: out of range in '8'"],
  ['* fri:32', "E_RANGE: out of range in 'fri:32'"],
  ['* fri:-6', "E_RANGE: out of range in 'fri:-6'"],
  ['* -32', "E_RANGE: out of range in '-32'"],
  ['* * 0', "E_RANGE: out of range in '0'"],
  ['* * * 1-13', "E_RANGE: out of range in '1-13'"],
  ['* :%0', "E_MODULO: invalid modulo in ':%0'"],
  ['* * %', "E_MODULO: invalid modulo in '%'"],
  ['* * * jan%2-1', "E_MODULO: invalid modulo in 'jan%2-1'"],
  ['@Reboot', "E_MACRO: unknown macro in '@Reboot'"],
  ['@dailymon', "E_MACRO: unknown macro in '@dailymon'"],
  ['@daily mon', "E_INTERVAL: invalid duration in '@daily'"],
  ['["*", "* fri:6th"]', "E_MONTHDAY: invalid day of month in 'fri:6th'"],
] as const;

test.each(refused)('%s is refused: %s', async (text, expected) => {
  const error = await compileSchedule(text).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(ScheduleError);
  const { code, message, element, exitCode } = error as ScheduleError;
  expect(`${code}: ${message}`).toBe(expected);
  expect(message.endsWith(`in '${element}'`)).toBe(true);
  expect(exitCode).toBe(78);
});

test('what cron-parser refuses carries its message', async () => {
  const error = await compileSchedule('61 * * * *').catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: 'E_CRON', element: '61 * * * *' });
  expect((error as Error).message).toMatch(/61.* in '61 \* \* \* \*'$/);
  expect((error as Error).cause).toBeInstanceOf(Error);
});

const spellings = [
  ['', '[]'],
  ['  ', '[]'],
  ['["", " "]', '[]'],
  ['""', '[]'],
  ['" @10 "', '@10'],
  ['*@1h', '@60'],
  ['@90s', '@90s'],
  ['@0', '@0'],
  ['09:00-09:00', '09:00'],
  ['9:00-9:00:59', '09:00-09:00:59'],
  ['00:00-24:00', '00:00-23:59'],
  ['!09:00', '! 09:00'],
  ['* MONDAY:first', '* mon:+1'],
  ['* *:last,-2', '* :-1,:-2'],
  ['* * 1-53 1-12', '*'],
  ['* * *%2 %3+0', '* * %2 %3'],
  ['~22:00-06:00@1d  fri-mon \t 50-2', '~22:00-06:00@1440 fri-mon 50-2'],
  ['0  9 * * MON', '0 9 * * MON'],
  ['["@DAILY","! * sat,sun"]', '["@daily","! * sat,sun"]'],
  [
    '16:00-17:00@1 sat:last,tue-mon:last * %2+1,feb-apr',
    '16:00-17:00@1 sat:-1,tue-mon:-1 * %2+1,feb-apr',
  ],
] as const;

test.each(spellings)('%j prints as %s', async (text, printed) => {
  const schedule = await compileSchedule(text);
  expect(formatSchedule(schedule)).toBe(printed);
  expect(await compileSchedule(printed)).toEqual(schedule);
});

describe('warnings', () => {
  test.each([
    ['* mon-fri', []],
    ['* sat-mon', ['sat-mon: the range goes over sunday: saturday to monday, 3 days']],
    ['* tue-mon:last', ['tue-mon:last: the range goes over sunday: tuesday to monday, 7 days']],
    ['* 5', ['5: weekdays count from 1 for monday: this is friday']],
    ['* :5', []],
    ['* fri:5,-1', []],
    [
      '["*", "! * 6-1"]',
      [
        '6-1: weekdays count from 1 for monday: this is saturday to monday',
        '6-1: the range goes over sunday: saturday to monday, 3 days',
      ],
    ],
    ['0 9 * * 5-6', []],
    ['', []],
  ] as const)('%s', (text, expected) => {
    const found = scheduleWarnings(text).map((warning) => `${warning.element}: ${warning.text}`);
    expect(found).toEqual(expected);
  });
});
