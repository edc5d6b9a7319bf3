/** validate config: problems as `file:line: reason` on stdout, exit 0 or 78. */
import { type FileFacts, permissionFindings, readConfigFile } from '../config/file.js';
import { type Finding, formatFinding } from '../config/finding.js';
import { exitCodes } from '../errors/exit-codes.js';
import type { App } from './app.js';
import type { Args, OptionTable } from './command.js';
import { readBytes } from './read-bytes.js';
import { defineShape, listDocument } from './shape.js';

/** Checks the bytes of one file. */
export type Validator = (bytes: Uint8Array) => Promise<Finding[]>;

export interface ValidationTarget {
  path: string;
  validate: Validator;
}

interface Row {
  file: string;
  line: number;
  level: string;
  section: string;
  key: string | null;
  message: string;
  suggestion: string | null;
}

const shape = defineShape<Row>({
  schema: 'nodemgr.config_finding.1',
  describe: 'What `validate config` finds; an empty list means that all is well.',
  fields: {
    file: { type: 'string', describe: 'the file' },
    line: { type: 'number', describe: 'counted from 1' },
    level: { type: 'error | warning', describe: 'an error disables its section' },
    section: { type: 'string', describe: 'the section' },
    key: { type: 'string | null', describe: 'the keyword' },
    message: { type: 'string', describe: 'what is wrong' },
    suggestion: { type: 'string | null', describe: 'what was probably meant' },
  },
});

export const validateOptions = {
  stdin: { type: 'boolean', default: false, describe: 'check the text on standard input instead' },
} as const satisfies OptionTable;

/** @returns the exit code: 78 when there is an error; warnings alone are 0 */
export async function validateConfig(
  app: App,
  targets: readonly ValidationTarget[],
  args: Args<typeof validateOptions>,
): Promise<number> {
  const rows: Row[] = [];
  const lines: string[] = [];
  for (const { path, validate } of targets) {
    const installed = args.stdin ? undefined : readConfigFile(path);
    const bytes = args.stdin ? await readBytes(app.edge.stdin()) : installed?.bytes;
    if (bytes === undefined) continue;
    const file = args.stdin ? '<stdin>' : path;
    const findings = await validate(bytes);
    if (installed) findings.unshift(...permissions(path, installed.facts, app.edge.uid));
    for (const finding of findings) {
      const { line, level, section, key = null, message, suggestion = null } = finding;
      rows.push({ file, line, level, section, key, message, suggestion });
      lines.push(`${formatFinding(file, finding)}\n`);
    }
  }
  const text = (): string => lines.join('');
  await app.emit({ ...listDocument(shape, rows), text }, args);
  return rows.some(({ level }) => level === 'error') ? exitCodes.config.code : 0;
}

/** Owner and mode, as findings of the first line. */
function permissions(path: string, facts: FileFacts, uid: number): Finding[] {
  return permissionFindings(path, facts, uid).map(({ problem, message }) => ({
    level: problem === 'readable' ? ('warning' as const) : ('error' as const),
    line: 1,
    section: '',
    message: message.slice(path.length + 2),
  }));
}
