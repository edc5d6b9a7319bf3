import type { Run } from '../exec/run.js';
import type { InstalledPackage } from './package.js';
import { readTool } from './tool.js';

const signatures = ['DSAHEADER', 'RSAHEADER', 'SIGGPG', 'SIGPGP'];
/** The first signature that a package has: `%|TAG?{present}:{absent}|`, nested. */
const signature = signatures.reduceRight(
  (otherwise, tag) => `%|${tag}?{%{${tag}:pgpsig}}:{${otherwise}}|`,
  '',
);
const argv = [
  'rpm',
  '-qa',
  '--qf',
  `%{NAME}\\t%{VERSION}-%{RELEASE}\\t%{ARCH}\\t%{INSTALLTIME}\\t${signature}\\n`,
];

/** Installed rpms; undefined without rpm. */
export async function readRpmPackages(run: Run): Promise<InstalledPackage[] | undefined> {
  const text = await readTool(run, argv);
  return text === undefined ? undefined : parseRpm(text);
}

export function parseRpm(text: string): InstalledPackage[] {
  return text.split('\n').flatMap((line) => {
    const [name, version, arch, installed, signed] = line.split('\t');
    if (!name || version === undefined || arch === undefined) return [];
    const at = Number(installed);
    const key = /\S+$/.exec(signed?.trim() ?? '')?.[0]; // `…, Key ID 199e2f91fd431d51`
    return [
      {
        name,
        version,
        arch: arch === '(none)' ? '' : arch,
        type: 'rpm',
        installedAt: Number.isFinite(at) && at > 0 ? at * 1000 : null,
        ...(key === undefined || key === '(none)' ? {} : { signature: key }),
      },
    ];
  });
}
