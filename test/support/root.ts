import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished, type TestContext } from 'vitest';
import { type Paths, pathsBelow } from '../../lib/env/paths.js';

export interface TestRoot {
  directory: string;
  paths: Paths;
  /** Writes a configuration file: `node.conf`, `web.conf`. */
  write(name: string, text: string): string;
}

/**
 * A root of its own for one test, removed when the test is over.
 *
 * @param atEnd of the test's context: tests that run side by side must say whose root it is
 */
export function createRoot(
  files: Readonly<Record<string, string>> = {},
  atEnd: TestContext['onTestFinished'] = onTestFinished,
): TestRoot {
  const directory = mkdtempSync(join(tmpdir(), 'nodemgr-test-'));
  // What a test has started may still write its last line.
  atEnd(() => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }));
  const paths = pathsBelow(directory);
  mkdirSync(paths.etc, { recursive: true });
  const write = (name: string, text: string): string => {
    const path = join(paths.etc, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  for (const [name, text] of Object.entries(files)) write(name, text);
  return { directory, paths, write };
}
