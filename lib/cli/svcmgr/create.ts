/** svcmgr create: makes a service, empty, from keywords or from a file. */

import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { applyEdits, type IniEdit } from '../../config/edit.js';
import { writeConfigFile } from '../../config/file.js';
import { formatFinding } from '../../config/finding.js';
import { parseIni } from '../../config/ini.js';
import {
  formatObjectPath,
  objectConfigFile,
  parseObjectPath,
  problemOfNamespace,
  problemOfObjectName,
  rootNamespace,
} from '../../config/object-path.js';
import { AgentError } from '../../errors/agent-error.js';
import type { App } from '../app.js';
import { defineCommand } from '../command.js';
import { parseAssignments, parseParameter } from '../config-commands.js';
import { serviceTarget } from '../config-targets.js';
import { readBytes } from '../read-bytes.js';
import { selectorOption } from './selection.js';

export default defineCommand({
  options: {
    ...selectorOption,
    kw: {
      type: 'list',
      value: 'SECTION.KEY=TEXT',
      describe: 'a keyword of the service; may be repeated',
    },
    config: {
      type: 'string',
      value: 'FILE',
      describe: 'start from this file; `-` is standard input',
    },
    env: { type: 'list', value: 'KEY=TEXT', describe: 'a value of the section [env]' },
    force: { type: 'boolean', default: false, describe: 'also when the result is not valid' },
    'dry-run': {
      type: 'boolean',
      alias: 'n',
      default: false,
      describe: 'print the file, make nothing',
    },
  },
  examples: [
    [
      "$0 -s web create --kw 'task#1.command=/bin/true' --kw 'task#1.schedule=@10'",
      'a service with one task',
    ],
    ['$0 -s web create --config web.conf', 'from a file'],
  ],
  async run(app, args) {
    const path = parseObjectPath(args.service ?? '');
    const scope = formatObjectPath(path);
    const problem =
      problemOfObjectName(path.name) ??
      (path.namespace === rootNamespace ? undefined : problemOfNamespace(path.namespace));
    if (path.kind !== 'svc' || problem !== undefined) {
      throw new AgentError('E_OBJECT_PATH', `${scope}: ${problem ?? 'only services can be made'}`, {
        exit: 'usage',
        remedy: 'names have letters, digits, dots and dashes, and begin with a letter',
      });
    }
    const file = objectConfigFile(app.paths, path);
    if (existsSync(file)) {
      throw new AgentError('E_EXISTS', `${scope}: service exists already`, {
        remedy: 'change it with `set` or `edit config`',
      });
    }

    const start = args.config === undefined ? '[DEFAULT]\n' : await readStart(app, args.config);
    const text = applyEdits(
      start,
      editsOf(args.kw, args.env, parseIni(start).byName.get('DEFAULT')?.byKey.has('id')),
    );
    const findings = await serviceTarget(app, { file }).validate(Buffer.from(text));
    const errors = findings.filter(({ level }) => level === 'error');
    if (errors[0] && !args.force) {
      for (const finding of errors.slice(1)) app.note(formatFinding(file, finding));
      throw new AgentError('E_VALUE', formatFinding(file, errors[0]), {
        exit: 'config',
        remedy: 'correct it, or make it all the same with --force',
      });
    }
    if (args['dry-run']) app.print(text);
    else {
      mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
      writeConfigFile(file, text);
    }
    return 0;
  },
});

function editsOf(
  kw: readonly string[] | undefined,
  env: readonly string[] | undefined,
  hasId: boolean | undefined,
): IniEdit[] {
  const edits: IniEdit[] = hasId
    ? []
    : [{ op: 'set', section: 'DEFAULT', key: 'id', value: randomUUID() }];
  const set = (words: readonly string[] | undefined, fallback: string): void => {
    if (!words?.length) return;
    for (const [parameter, value] of parseAssignments({
      param: undefined,
      value: undefined,
      kw: words,
    })) {
      const { section, key } =
        fallback === 'env'
          ? { section: 'env', key: parameter }
          : parseParameter(parameter, fallback);
      edits.push({ op: 'set', section, key, value });
    }
  };
  set(kw, 'DEFAULT');
  set(env, 'env');
  return edits;
}

async function readStart(app: App, source: string): Promise<string> {
  if (source === '-') return Buffer.from(await readBytes(app.edge.stdin())).toString('utf8');
  try {
    return readFileSync(source, 'utf8');
  } catch (cause) {
    throw new AgentError('E_CONFIG_READ', `${source} cannot be read`, {
      remedy: 'name an existing file',
      cause,
    });
  }
}
