import { chmodSync, chownSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { writeFileAtomic } from '../../lib/env/atomic-file.js';
import { can, temporary } from '../exec/probe.js';

const modeOf = (path: string) => statSync(path).mode & 0o7777;

/** Under a mask that would take bits away. */
function withUmask(mask: number): void {
  const before = process.umask(mask);
  onTestFinished(() => void process.umask(before));
}

test('a new file has the mode that was asked for, an existing one keeps its own', () => {
  withUmask(0o077);
  const directory = temporary();
  const made = join(directory, 'made');
  writeFileAtomic(made, 'a', 0o644);
  expect(modeOf(made)).toBe(0o644);
  chmodSync(made, 0o664);
  writeFileAtomic(made, 'b');
  expect(modeOf(made)).toBe(0o664);
  expect(readFileSync(made, 'utf8')).toBe('b');
  expect(readdirSync(directory)).toEqual(['made']);
});

test.skipIf(!can.root)('a file of somebody else stays theirs', () => {
  const path = join(temporary(), 'web.conf');
  writeFileSync(path, 'a');
  chownSync(path, 65534, 65533);
  writeFileAtomic(path, 'b');
  expect(statSync(path)).toMatchObject({ uid: 65534, gid: 65533 });
});

test('what a killed process left beside the file gives it no mode', () => {
  const directory = temporary();
  writeFileSync(join(directory, `.${process.pid}.made.tmp`), 'half', { mode: 0o666 });
  writeFileAtomic(join(directory, 'made'), 'whole');
  expect(modeOf(join(directory, 'made'))).toBe(0o600);
});
