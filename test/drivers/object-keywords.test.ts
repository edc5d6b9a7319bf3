/** Keywords that need cfg and sec objects: nothing is silently started without what they would give it. */
import { describe, expect, test } from 'vitest';
import { validateService } from '../../lib/service/validate.js';
import { runProgram } from '../support/program.js';
import { createRoot } from '../support/root.js';
import { capturedRun } from './captured.js';
import { createRig } from './rig.js';

const resources = [
  {
    driver: 'container.podman',
    rid: 'container#1',
    lines: 'type = podman\nimage = busybox',
    keywords: ['configs_environment', 'secrets_environment', 'registry_creds'],
  },
  {
    driver: 'container.docker',
    rid: 'container#1',
    lines: 'type = docker\nimage = busybox',
    keywords: ['configs_environment', 'secrets_environment', 'registry_creds'],
  },
  {
    driver: 'app.forking',
    rid: 'app#1',
    lines: 'start = /bin/false',
    keywords: ['configs_environment', 'secrets_environment'],
  },
  {
    driver: 'app.simple',
    rid: 'app#1',
    lines: 'type = simple\nstart = /bin/false',
    keywords: ['configs_environment', 'secrets_environment'],
  },
];

const kindOf = (keyword: string): string => (keyword.startsWith('configs') ? 'cfg' : 'sec');

/** A host that answers questions and must not be changed. */
const onlyAsked = capturedRun((line) =>
  /^(podman|docker) container inspect/.test(line)
    ? { exitCode: 1, stderr: 'Error: no such container x\n' }
    : undefined,
);

describe.each(resources)('$driver', ({ rid, lines, keywords }) => {
  test.each(keywords)('%s: a warning below it, and no start', async (keyword) => {
    const rig = createRig(`[${rid}]\n${lines}\n${keyword} = A=some/key\n`, {
      captured: { run: onlyAsked },
    });
    const text = `${keyword} needs ${kindOf(keyword)} objects, which this agent does not have`;
    expect((await rig.status(rid)).notes).toContainEqual({ level: 'warn', text });
    const error = await rig.act('start').catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ message: text, cause: { code: 'E_NO_OBJECT' } });
    const [fact, remedy] = rig.lines.slice(-3);
    expect(fact).toBe(`${rid} ERROR ${text}`);
    expect(remedy).toMatch(new RegExp(`^${rid} ERROR .* remove ${keyword}$`));
  });

  test('without a value they ask for nothing', async () => {
    const rig = createRig(`[${rid}]\n${lines}\n${keywords[0]} =\n`, {
      captured: { run: onlyAsked },
    });
    expect((await rig.status(rid)).notes.filter(({ level }) => level === 'warn')).toEqual([]);
  });

  test('they are known to the validation', async () => {
    const root = createRoot();
    const text = `[${rid}]\n${lines}\n${keywords.map((keyword) => `${keyword} = A=some/key`).join('\n')}\n`;
    const file = root.write('web.conf', text);
    const context = { paths: root.paths, nodename: 'n1' };
    expect(await validateService(Buffer.from(text), file, context)).toEqual([]);
  });
});

test('an app that is not started here keeps nobody from starting the others', async () => {
  const rig = createRig('[app#1]\ncheck = /bin/true\nsecrets_environment = A=sec/key\n');
  await rig.act('start');
  expect(await rig.status('app#1')).toMatchObject({ status: 'up', notes: [{ level: 'warn' }] });
});

test.each(['', 'type = docker\nimage = nginx:1\n', 'type = podman\nimage = nginx:1\n'])(
  'a task is not run, and says so: %j',
  async (lines) => {
    const root = createRoot({
      'web.conf': `[task#1]\n${lines}command = /bin/true\nsecrets_environment = A=sec/key\n`,
    });
    const svcmgr = (...argv: string[]) =>
      runProgram('svcmgr', ['web', ...argv], { root: root.directory });
    const run = await svcmgr('run', '--rid', 'task#1');
    expect(run.code).toBe(78);
    expect(run.stderr).toContain('secrets_environment needs sec objects');
    const status = await svcmgr('print', 'status', '--refresh');
    expect(status.stdout).toMatch(/warn: secrets_environment needs sec objects/);
  },
);
