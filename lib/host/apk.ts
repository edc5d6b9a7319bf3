import type { Run } from '../exec/run.js';
import type { InstalledPackage } from './package.js';
import { readTool } from './tool.js';

/** Installed Alpine packages; undefined without apk. apk records no installation time. */
export async function readApkPackages(run: Run): Promise<InstalledPackage[] | undefined> {
  const text = await readTool(run, ['apk', 'list', '--installed']);
  return text === undefined ? undefined : parseApk(text);
}

/** `musl-utils-1.2.4-r2 x86_64 {musl} (MIT) [installed]`. */
export function parseApk(text: string): InstalledPackage[] {
  return text.split('\n').flatMap((line) => {
    const match = /^(\S+)-([^\s-]+-r\d+) (\S+) .*\[installed/.exec(line);
    if (!match) return [];
    const [, name = '', version = '', arch = ''] = match;
    return [{ name, version, arch, type: 'apk', installedAt: null }];
  });
}
