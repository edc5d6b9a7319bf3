/** Somebody who may not, on a node of root's: told so, in one line with a remedy. */
import { execFile } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { lacks } from '../support/can.js';
import { cronEnvironment, runProgram } from '../support/program.js';
import { createRoot } from '../support/root.js';
import { distProgram } from './edge.js';

const run = promisify(execFile);

test.skipIf(lacks('root'))('another account is told to be root, whatever it asks for', async () => {
  const root = createRoot({ 'web.conf': '[fs#1]\ntype = flag\n[task#1]\ncommand = /bin/true\n' });
  await runProgram('svcmgr', ['web', 'start'], { root: root.directory });
  for (const place of [root.directory, root.paths.etc]) chmodSync(place, 0o755);
  const asNobody = async (program: string, line: string): Promise<unknown> => {
    const own = ['--reuid', '65534', '--regid', '65534', '--clear-groups', process.execPath];
    const argv = [...own, distProgram(program), ...line.split(' ')];
    const env = { ...cronEnvironment, NODEMGR_ROOT: root.directory };
    try {
      await run('setpriv', argv, { env });
      return 0;
    } catch (error) {
      const { code, stderr } = error as { code: number; stderr: string };
      expect(stderr, line).toMatch(/run (it|the command) as root|check the permissions/);
      expect(stderr, line).not.toMatch(/bug|^ +at /m);
      return code;
    }
  };
  const words = ['start', 'stop', 'print status', 'print config', 'freeze', 'run', 'set env.a=1'];
  for (const word of [...words, 'unset task#1.command', 'delete', 'logs', 'print runs']) {
    expect(await asNobody('svcmgr', `web ${word}`), word).toBe(77);
  }
  for (const word of ['schedulers', 'print schedule', 'set --force a.b=1']) {
    expect(await asNobody('nodemgr', word), word).toBe(77);
  }
});
