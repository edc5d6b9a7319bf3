/** svcmgr create: makes a service, empty, from keywords, from resources or from a file. */
import { randomUUID } from 'node:crypto';
import { existsSync, statSync, utimesSync } from 'node:fs';
import { applyEdits, type IniEdit } from '../../config/edit.js';
import { writeConfigFile } from '../../config/file.js';
import { formatFinding } from '../../config/finding.js';
import { parseIni } from '../../config/ini.js';
import {
  formatObjectPath,
  isObjectKind,
  type ObjectPath,
  objectConfigFile,
  parseObjectPath,
  problemOfNamespace,
  problemOfObjectName,
  rootNamespace,
} from '../../config/object-path.js';
import { AgentError } from '../../errors/agent-error.js';
import { whileEditing } from '../../lock/edit-lock.js';
import { editsOfAssignments, parseAssignment } from '../../service/assign.js';
import { addCompanions } from '../../service/companions.js';
import { editsOfConfiguration, editsOfResource } from '../../service/resource-json.js';
import type { App } from '../app.js';
import { type Args, defineCommand, dryRunOption, type OptionTable } from '../command.js';
import { serviceTarget } from '../config-targets.js';
import { namespaceOf, pathOptions } from './selection.js';
import { readSource } from './source-text.js';

const sourceOptions = {
  config: {
    type: 'string',
    value: 'FILE',
    describe: 'start from this file, INI or JSON; an http address; `-` is standard input',
  },
  template: {
    type: 'string',
    value: 'FILE',
    describe: 'the same; the service gets an id of its own',
  },
  resource: {
    type: 'list',
    value: 'JSON',
    describe: 'a resource: {"rtype":"fs","type":"flag"}; may be repeated',
  },
  kw: {
    type: 'list',
    value: 'SECTION.KEY=TEXT',
    describe: 'a keyword of the service; may be repeated',
  },
  env: { type: 'list', value: 'KEY=TEXT', describe: 'a value of the section [env]' },
  interactive: {
    type: 'boolean',
    default: false,
    describe: 'ask at the terminal for the other values of [env]',
  },
} as const satisfies OptionTable;

export default defineCommand({
  options: {
    ...pathOptions,
    ...sourceOptions,
    provision: {
      type: 'boolean',
      default: false,
      describe: 'then make what the resources need, and start them',
    },
    mtime: {
      type: 'string',
      value: 'SECONDS',
      describe: 'a copy of a file that was changed then: it also takes the place of an older one',
    },
    force: { type: 'boolean', default: false, describe: 'also when the result is not valid' },
    ...dryRunOption('print the file, make nothing'),
  },
  examples: [
    [
      "$0 -s web create --kw 'task#1.command=/bin/true' --kw 'task#1.schedule=@10'",
      'a service with one task',
    ],
    ['$0 -s web create --config web.conf', 'from a file'],
    ['$0 -s web create --template web.conf --env port=80', 'from a file with a value of its own'],
    ['$0 -s web create --resource \'{"rtype":"fs","type":"flag"}\'', 'with a resource fs#0'],
  ],
  async run(app, args) {
    const path = pathOf(app, args);
    const scope = formatObjectPath(path);
    const file = objectConfigFile(app.paths, path);
    const changedAt = mtimeOf(args);
    refuseExisting(scope, file, changedAt);
    const text = await textOf(app, args, changedAt !== undefined);
    const { validate } = serviceTarget(app, { file });
    const findings = await validate(Buffer.from(text));
    const errors = findings.filter(({ level }) => level === 'error');
    if (errors[0] && !args.force) {
      for (const finding of errors.slice(1)) app.note(formatFinding(file, finding));
      throw new AgentError('E_VALUE', formatFinding(file, errors[0]), {
        exit: 'config',
        remedy: 'correct it, or make it all the same with --force',
      });
    }
    for (const finding of findings) app.note(formatFinding(file, finding));
    if (args['dry-run']) {
      app.print(text);
      return 0;
    }
    await whileEditing(app.paths, 'create', () => {
      refuseExisting(scope, file, changedAt);
      writeConfigFile(file, text);
      if (changedAt !== undefined) utimesSync(file, changedAt, changedAt);
    });
    const companions = addCompanions(app.paths, path);
    for (const warning of companions) app.note(`warning: ${warning}`);
    if (!args.provision) return 0;
    const { provisioning } = await import('./provisioning.js');
    return provisioning(app, 'provision', { scopes: [scope], args });
  },
});

/** @throws AgentError `E_EXISTS` for a service that is there, or, with `mtime`, is newer */
function refuseExisting(scope: string, file: string, changedAt: number | undefined): void {
  if (changedAt === undefined ? !existsSync(file) : !isNewer(file, changedAt)) return;
  const fact = changedAt === undefined ? 'exists already' : 'exists already, and is newer';
  throw new AgentError('E_EXISTS', `${scope}: service ${fact}`, {
    remedy: 'change it with `set` or `edit config`',
  });
}

/** Epoch seconds; undefined: the file is none that another node has. @throws AgentError */
function mtimeOf({ mtime, config }: { mtime?: string | undefined; config?: string | undefined }) {
  if (mtime === undefined) return undefined;
  if (/^\d+$/.test(mtime) && config !== undefined) return Number(mtime);
  throw new AgentError('E_USAGE', `--mtime ${mtime} is no time of a file`, {
    exit: 'usage',
    remedy: 'give seconds since 1970 and the file: --config FILE --mtime SECONDS',
  });
}

/** Times of files on different systems are compared in whole seconds. */
function isNewer(file: string, seconds: number): boolean {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat !== undefined && Math.floor(stat.mtimeMs / 1000) > seconds;
}

/** @throws AgentError for what cannot be the path of a new service */
function pathOf(app: App, args: Args<typeof pathOptions>): ObjectPath {
  const { service = '' } = args;
  const refused = (fact: string): AgentError =>
    new AgentError('E_OBJECT_PATH', fact, {
      exit: 'usage',
      remedy: 'names have letters, digits, dots and dashes, and begin with a letter',
    });
  if (service === '') throw refused('create makes one service: svcmgr -s NAME create');
  if (/[,+*?[]/.test(service)) throw refused(`'${service}' is not one name`);
  const path = parseObjectPath(service, namespaceOf(app, args));
  const problem =
    problemOfObjectName(path.name) ??
    (path.namespace === rootNamespace ? undefined : problemOfNamespace(path.namespace)) ??
    problemOfCompanions(path.name);
  if (path.kind === 'svc' && problem === undefined) return path;
  throw refused(`${formatObjectPath(path)}: ${problem ?? 'only services can be made'}`);
}

/** The link and the directories of a service lie beside the files of others. */
function problemOfCompanions(name: string): string | undefined {
  if (/\.(conf|d|dir)$/.test(name)) return `"${name}" ends like a file of another service`;
  return name === 'namespaces' || isObjectKind(name) ? `"${name}" is reserved` : undefined;
}

/** The configuration that the command line describes. */
async function textOf(
  app: App,
  args: Args<typeof sourceOptions>,
  isCopy: boolean,
): Promise<string> {
  if (args.config !== undefined && args.template !== undefined) {
    throw new AgentError('E_USAGE', '--config and --template exclude each other', {
      exit: 'usage',
    });
  }
  const source = args.config ?? args.template;
  let text = source === undefined ? '[DEFAULT]\n' : startOf(await readSource(app, source));
  const apply = (edits: readonly IniEdit[]): void => {
    text = applyEdits(text, edits);
  };
  const hasId = parseIni(text).byName.get('DEFAULT')?.byKey.has('id') === true;
  // A copy has what its original has.
  if ((!hasId && !isCopy) || args.template !== undefined) {
    apply([{ op: 'set', section: 'DEFAULT', key: 'id', value: randomUUID() }]);
  }
  for (const json of args.resource ?? []) {
    apply(editsOfResource(json, new Set(parseIni(text).byName.keys()), 0));
  }
  apply(editsOfAssignments(text, (args.kw ?? []).map(parseAssignment)));
  const values = (args.env ?? []).map(environmentEdit);
  apply(values);
  if (args.interactive) {
    const { askEnvironment } = await import('./ask-env.js');
    const answered = new Set(values.map(({ key }) => key.toLowerCase()));
    apply(await askEnvironment(app, parseIni(text), answered));
  }
  return text;
}

/** JSON becomes a file in the usual form. */
function startOf(source: string): string {
  const first = source.trimStart().charAt(0);
  const isJson = first === '{' || (first === '[' && isJsonList(source));
  if (!isJson) return source;
  const edits = editsOfConfiguration(source);
  const head = edits.some(({ section }) => section === 'DEFAULT') ? '' : '[DEFAULT]\n';
  return applyEdits(head, edits);
}

function isJsonList(source: string): boolean {
  try {
    return Array.isArray(JSON.parse(source));
  } catch {
    return false;
  }
}

function environmentEdit(text: string) {
  const equals = text.indexOf('=');
  if (equals > 0) {
    const [key, value] = [text.slice(0, equals), text.slice(equals + 1)];
    return { op: 'set' as const, section: 'env', key, value };
  }
  throw new AgentError('E_USAGE', `--env: "${text}" is not an assignment`, {
    exit: 'usage',
    remedy: 'write it as key=value',
  });
}
