/** print keywords: the tables that read service files, for people and programs. */
import { expect, test } from 'vitest';
import { everyResourceKeyword } from '../../lib/driver/resource-keywords.js';
import { serviceKeywords, subsetKeywords } from '../../lib/service/keywords.js';
import { runProgram } from '../support/program.js';
import { createRoot } from '../support/root.js';

const keywords = (...argv: string[]) =>
  runProgram('svcmgr', ['print', 'keywords', ...argv], { root: createRoot().directory });

interface Row {
  section: string;
  keyword: string;
  required: boolean;
}
const rowsOf = async (...argv: string[]): Promise<Row[]> =>
  JSON.parse((await keywords(...argv, '--format', 'json')).stdout) as Row[];

test('of a driver: name, kind, default, whether it is required, meaning', async () => {
  const { stdout, stderr, code } = await keywords('--driver', 'fs.ext4');
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  expect(stdout).toMatch(/^section +keyword +kind +default +required +text\n/);
  expect(stdout).toMatch(/^fs\.ext4 +dev +string +- +always +What is mounted: /m);
  expect(stdout).toMatch(/^fs\.ext4 +stat_timeout +duration +5s +- +How long /m);
  const pull = (await keywords('--driver', 'container.docker')).stdout;
  expect(pull).toMatch(/ image .*Older name: run_image\.$/m);
  expect(pull).toMatch(/ image_pull_policy .*One of once, always\.$/m);
});

test('in JSON everything that the table says', async () => {
  expect(await rowsOf('--driver', 'sync.rsync')).toContainEqual({
    schema: 'svcmgr.keyword.1',
    section: 'sync.rsync',
    keyword: 'target',
    kind: expect.any(String),
    default: null,
    required: true,
    provisioning: false,
    scopable: true,
    secret: false,
    candidates: expect.any(Array),
    aliases: [],
    deprecated_for: null,
    text: expect.stringMatching(/./),
  });
});

test('without a driver: DEFAULT, any resource, subsets', async () => {
  const rows = await rowsOf();
  const named = (section: string) =>
    rows.filter((row) => row.section === section).map(({ keyword }) => keyword);
  expect(named('DEFAULT')).toEqual(Object.keys(serviceKeywords));
  expect(named('resource')).toEqual(Object.keys(everyResourceKeyword));
  expect(named('subset')).toEqual(Object.keys(subsetKeywords));
});

test('a driver without keywords is told, a mistyped one is an error with what is near', async () => {
  const { stderr, code } = await keywords('--driver', 'fs.flag');
  expect({ stderr, code }).toEqual({
    stderr: 'fs.flag has no keywords of its own; those of any resource: svcmgr print keywords\n',
    code: 0,
  });
  expect(await keywords('--driver', 'fs.ext44')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('did you mean fs.ext4?'),
  });
});
