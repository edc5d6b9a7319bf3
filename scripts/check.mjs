/** `npm run check`: everything that can be said about the sources without a test. */
import { spawnSync } from 'node:child_process';

const bin = 'node_modules/.bin';
const checks = [
  ['types', [`${bin}/tsc`, '--noEmit']],
  ['style', [`${bin}/biome`, 'check', '--error-on-warnings', '.']],
  ['rooms', [process.execPath, 'scripts/check-rooms.mjs']],
  ['unused', [`${bin}/knip`]],
  ['docs', [process.execPath, 'scripts/docs.mjs', '--check']],
];

const failed = checks.filter(([name, argv]) => {
  console.log(`--- ${name}`);
  return spawnSync(argv[0], argv.slice(1), { stdio: 'inherit' }).status !== 0;
});
console.log(
  failed.length === 0 ? 'all checks passed' : `failed: ${failed.map(([n]) => n).join(', ')}`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
