/** Secrets of a configuration as logs would show them. */
import { expect, test } from 'vitest';
import { parseIni } from '../../lib/config/ini.js';
import type { KeywordTable } from '../../lib/config/keyword.js';
import { secretTexts } from '../../lib/config/secrets.js';
import { createEvaluator } from '../../lib/config/values.js';
import { everyResourceKeyword } from '../../lib/driver/resource-keywords.js';
import { pathsBelow } from '../../lib/env/paths.js';
import { headKeywords, subsetKeywords } from '../../lib/service/keywords.js';

const paths = pathsBelow('/nowhere');
const texts = (text: string, ocf = false): string[] =>
  secretTexts(
    createEvaluator(parseIni(Buffer.from(text)), {
      paths,
      nodename: 'n1',
      env: { DB: 'fr0m-env' },
    }),
    () => (ocf ? { words: { kind: 'shlex', secret: true, text: '' } } : undefined),
  ).sort();

test.each([
  { text: '[env]\npassword = hunter2\nother = x', secrets: ['hunter2'], why: 'by its name' },
  { text: '[env]\npassword@n1 = hunter2', secrets: ['hunter2'], why: 'with a scope' },
  { text: '[env]\npassword = {env.db}', secrets: ['fr0m-env'], why: 'a reference' },
  { text: '[env]\npassword = {no.such}', secrets: ['{no.such}'], why: 'one that leads nowhere' },
  { text: '[a]\nk = A=1 MY_TOKEN=two B=3', secrets: ['two'], why: 'a word of an environment' },
  { text: '[a]\nk = "API_KEY=two words"', secrets: ['two words'], why: 'in quotes' },
  { text: '[a]\nk = x --password=p1 --token t2 -v', secrets: ['p1', 't2'], why: 'options' },
  { text: '[a]\nk = x --creds joe:pw', secrets: ['joe:pw', 'pw'], why: 'credentials' },
  { text: '[a]\nk = x TOKEN_FILE=/etc/t', secrets: [], why: 'a file is no secret' },
  { text: "[a]\nk = it's PASSWORD=x1", secrets: ['x1'], why: 'a quote left open' },
  { text: '[a]\nk = the password', secrets: [], why: 'a word of a text' },
])('$why: $secrets', ({ text, secrets }) => {
  expect(texts(text)).toEqual(secrets);
});

test('a keyword that is a secret: the whole, its words, and their values', () => {
  expect(texts('[a]\nwords = user=u1 pass=p2', true)).toEqual(
    ['p2', 'pass=p2', 'u1', 'user=u1', 'user=u1 pass=p2'].sort(),
  );
});

test('no keyword that resources, services and subsets share is a secret, or looks like one', () => {
  const tables: KeywordTable = { ...everyResourceKeyword, ...headKeywords, ...subsetKeywords };
  const lines = Object.keys(tables).map((key) => `${key} = value`);
  expect(Object.values(tables).filter(({ secret }) => secret)).toEqual([]);
  expect(texts(`[DEFAULT]\n${lines.join('\n')}\n`)).toEqual([]);
});
