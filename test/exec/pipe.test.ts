/** Two real programs, one feeding the other. */
import { describe, expect, test } from 'vitest';
import { pipeArgv, showPipe } from '../../lib/exec/pipe.js';
import { createRunner } from '../../lib/exec/run.js';

const run = createRunner();
const sh = (script: string): string[] => ['sh', '-c', script];

describe('a pipe ends well when both programs do', () => {
  test.each([
    { from: sh('echo text'), to: ['cat'], code: 0, stdout: 'text\n' },
    { from: sh('echo part; exit 3'), to: ['cat'], code: 3, stdout: 'part\n' },
    { from: sh('echo text'), to: sh('cat; exit 4'), code: 4, stdout: 'text\n' },
    { from: sh('exit 3'), to: sh('cat; exit 4'), code: 4, stdout: '' },
    { from: ['nodemgr-none'], to: ['cat'], code: 127, stdout: '' },
    { from: ['echo', 'text'], to: ['nodemgr-none'], code: 127, stdout: '' },
    { from: ['printf', '%s', "it's $HOME; `x`"], to: ['cat'], code: 0, stdout: "it's $HOME; `x`" },
  ])('$from | $to: $code', async ({ from, to, code, stdout }) => {
    expect(await run(pipeArgv(from, to))).toMatchObject({ exitCode: code, stdout });
  });

  test('bytes pass as they are, and errors of both are shown', async () => {
    const from = sh('head -c 300000 /dev/zero; echo sender >&2');
    const { stdout, stderr } = await run(pipeArgv(from, sh('wc -c; echo receiver >&2')));
    expect(stdout.trim()).toBe('300000');
    expect(stderr.split('\n').filter(Boolean).sort()).toEqual(['receiver', 'sender']);
  });

  test('as the operator sees it', () => {
    expect(showPipe(['zfs', 'send', 'a@b'], ['ssh', 'n2', 'zfs receive a'])).toBe(
      "zfs send a@b | ssh n2 'zfs receive a'",
    );
  });
});
