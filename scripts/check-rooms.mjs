/** The room plan as a check: dependency-cruiser over bin and lib; fails also when it saw too little. */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';

const sources = ['bin', 'lib']
  .flatMap((top) => readdirSync(top, { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts')).length;

let output;
try {
  output = execFileSync(
    'node_modules/.bin/depcruise',
    ['--config', '.dependency-cruiser.cjs', '--output-type', 'json', 'bin', 'lib'],
    { encoding: 'utf8', maxBuffer: 256 << 20 },
  );
} catch (error) {
  output = error.stdout;
  if (!output) throw error;
}
const { modules, summary } = JSON.parse(output);
const seen = modules.filter((module) => /^(bin|lib)\/.*\.ts$/.test(module.source)).length;

for (const { rule, from, to } of summary.violations)
  console.error(`${rule.name}: ${from} -> ${to}`);
if (seen !== sources) console.error(`saw ${seen} modules of ${sources}`);
console.log(
  `${seen} modules, ${summary.totalDependenciesCruised} imports, ${summary.violations.length} violations`,
);
process.exitCode = summary.violations.length || seen !== sources ? 1 : 0;
