/** The page for administrators says what the code does. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { evaluateLine } from '../../lib/schedule/evaluate-line.js';
import { compileSchedule } from '../../lib/schedule/parse.js';
import { namedZone } from '../../lib/schedule/zone.js';

const page = readFileSync(new URL('../../docs/schedules.md', import.meta.url), 'utf8');
const rowsOf = (heading: string) =>
  (page.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.includes('---'))
    .slice(1);
const codesIn = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map((found) => found[1] ?? '');

const examples = rowsOf('The language by example').flatMap((row) =>
  codesIn(row.split(' | ')[0] ?? ''),
);

test('there are examples', () => expect(examples.length).toBeGreaterThan(20));

test.each(examples)('%s is a schedule', async (text) => {
  await compileSchedule(text);
});

test.each(rowsOf('When a schedule is refused'))('%s', async (row) => {
  const [, code, text, example] = row
    .split(' | ')
    .join('|')
    .split('|')
    .map((cell) => cell.trim());
  const error = await compileSchedule(codesIn(example ?? '')[0] ?? '').catch((e: unknown) => e);
  expect(error).toMatchObject({ code: codesIn(code ?? '')[0] });
  if (!code?.includes('E_CRON')) expect((error as Error).message).toMatch(`${text} in '`);
});

test('the line of the bulk checker gives the printed answer', async () => {
  const [, line = '', answer = ''] = /echo '(.*)' \|.*\n(.*)/.exec(page) ?? [];
  const defaults = { now: 0, zone: namedZone('Europe/Paris') };
  expect(JSON.stringify(await evaluateLine(line, defaults))).toBe(answer);
});
