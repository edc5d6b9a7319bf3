/** validate config: problems as `file:line: reason` on stdout, exit 0 or 78. */
import { readFileSync } from 'node:fs';
import { AgentError, errnoOf } from '../errors/agent-error.js';
import { exitCodes } from '../errors/exit-codes.js';
import type { App } from './app.js';
import type { Args, OptionTable } from './command.js';
import { readBytes } from './read-bytes.js';
import { defineShape, listDocument } from './shape.js';

/** What is wrong with one place of a configuration file. */
export interface ConfigFinding {
  level: 'error' | 'warning';
  line: number;
  section: string | null;
  key: string | null;
  message: string;
  suggestion: string | null;
}

/** Checks the bytes of one file; `path` names it in permissions and messages. */
export type Validator = (bytes: Uint8Array, path: string) => Promise<ConfigFinding[]>;

export interface ValidationTarget {
  path: string;
  validate: Validator;
}

type Row = ConfigFinding & { file: string };

const shape = defineShape<Row>({
  schema: 'nodemgr.config_finding.1',
  describe: 'What `validate config` finds; an empty list means that all is well.',
  fields: {
    file: { type: 'string', describe: 'the file' },
    line: { type: 'number', describe: 'counted from 1' },
    level: { type: 'error | warning', describe: 'an error disables its section' },
    section: { type: 'string | null', describe: 'the section' },
    key: { type: 'string | null', describe: 'the keyword' },
    message: { type: 'string', describe: 'what is wrong' },
    suggestion: { type: 'string | null', describe: 'what was probably meant' },
  },
});

export const validateOptions = {
  stdin: { type: 'boolean', default: false, describe: 'check the text on standard input instead' },
} as const satisfies OptionTable;

/** @returns the exit code: 78 when there is an error or a warning */
export async function validateConfig(
  app: App,
  targets: readonly ValidationTarget[],
  args: Args<typeof validateOptions>,
): Promise<number> {
  const rows: Row[] = [];
  for (const { path, validate } of targets) {
    const bytes = args.stdin ? await readBytes(app.edge.stdin) : bytesOf(path);
    if (bytes === undefined) continue;
    const file = args.stdin ? '<stdin>' : path;
    rows.push(...(await validate(bytes, path)).map((finding) => ({ file, ...finding })));
  }
  const text = (): string => rows.map((row) => `${findingText(row, row.file)}\n`).join('');
  await app.emit({ ...listDocument(shape, rows), text }, args);
  return rows.length > 0 ? exitCodes.config.code : 0;
}

export function findingText(finding: ConfigFinding, file: string): string {
  const { line, level, section, key, message, suggestion } = finding;
  const place = section === null ? '' : key === null ? `[${section}] ` : `${section}.${key}: `;
  const meant = suggestion === null ? '' : `; did you mean ${suggestion}?`;
  return `${file}:${line}: ${level === 'warning' ? 'warning: ' : ''}${place}${message}${meant}`;
}

function bytesOf(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path);
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return undefined;
    throw new AgentError('E_CONFIG_READ', `${path} cannot be read`, {
      exit: 'notPermitted',
      remedy: 'run it as the owner of the file',
      cause,
    });
  }
}
