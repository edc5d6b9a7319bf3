import { execFileSync } from 'node:child_process';

/** Command tests run the built program: it is built once before all of them. */
export default function setup(): void {
  if (process.env['NODEMGR_TEST_NO_BUILD']) return;
  execFileSync(process.execPath, ['scripts/build.mjs'], { stdio: ['ignore', 'ignore', 'inherit'] });
}
