/** The guide to a first service is followed to the letter, on a network and with a host name of its own. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { packageRoot } from '../../lib/env/package-root.js';
import { distProgram } from '../cli/edge.js';
import { detachAll } from '../drivers/storage.js';
import { lacks } from '../support/can.js';
import { createRoot } from '../support/root.js';

const run = promisify(execFile);

interface Step {
  command: string;
  output: string;
}

/** What the page types and sees: a prompt, then its output; a here-document goes to its end. */
function stepsOf(page: string): Step[] {
  const steps: Step[] = [];
  for (const [, block = ''] of page.matchAll(/^```\n([\s\S]*?)^```/gm)) {
    let isDocument = false;
    for (const line of block.split('\n').slice(0, -1)) {
      const step = steps.at(-1);
      if (!isDocument && line.startsWith('$ ')) steps.push({ command: line.slice(2), output: '' });
      else if (isDocument && step) step.command += `\n${line}`;
      else if (step) step.output += `${line}\n`;
      isDocument = isDocument ? line !== 'EOF' : /<<'?EOF'?$/.test(line);
    }
  }
  return steps;
}

/** What differs from run to run. */
const masks: readonly [RegExp, string][] = [
  [/\/dev\/loop\d+/g, '/dev/loopN'],
  [/\d:\d\d:\d\d\.\d+/g, 'ELAPSED'],
  [/^\d\d:\d\d:\d\d,\d+/gm, 'TIME'],
  [/\bkill \d+/g, 'kill PID'],
  [/clean, .* blocks/g, 'clean'],
  [/\S+\/node (?=\S*server\.js)/g, 'node '],
  [/[ \t]+$/gm, ''],
];

function masked(text: string, place: string): string {
  return masks.reduce(
    (kept, [pattern, word]) => kept.replace(pattern, word),
    text.replaceAll(place, '/root/demo'),
  );
}

test.skipIf(lacks('root', 'netns', 'loop', 'arping', 'ping'))(
  'the first service: every command of the guide does what the guide shows',
  async ({ onTestFinished }) => {
    const { directory } = createRoot();
    onTestFinished(() => detachAll({ place: directory }));
    const steps = stepsOf(readFileSync(join(packageRoot, 'docs/first-service.md'), 'utf8'));
    expect(steps.length).toBeGreaterThan(20);
    const mark = '@@ end of a step @@';
    const script = [
      'exec 2>&1',
      'hostname node1 && ip link set lo up',
      `svcmgr() { node '${distProgram('svcmgr')}' "$@"; }`,
      `cd '${directory}'`,
      ...steps.map(({ command }) => `${command}\necho '${mark}'`),
    ].join('\n');
    const argv = ['-n', '-u', '-m', 'bash', '--norc', '-c', script];
    const PATH = `${join(process.execPath, '..')}:/usr/sbin:/usr/bin:/sbin:/bin`;
    const { stdout } = await run('unshare', argv, { env: { PATH, HOME: '/' }, timeout: 100_000 });
    const outputs = stdout.split(`${mark}\n`);
    for (const [n, { command, output }] of steps.entries()) {
      const place = join(directory, 'demo');
      expect(masked(outputs[n] ?? '', place), command).toBe(masked(output, place));
    }
    expect(existsSync(join(directory, 'demo'))).toBe(false);
  },
  120_000,
);
