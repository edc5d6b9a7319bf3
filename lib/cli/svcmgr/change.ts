/** Changing service files: all of them are checked before the first is written. */
import { applyEdits, type IniEdit } from '../../config/edit.js';
import { editConfigFile, readConfigFile } from '../../config/file.js';
import { type Finding, formatFinding } from '../../config/finding.js';
import { AgentError } from '../../errors/agent-error.js';
import { whileEditing } from '../../lock/edit-lock.js';
import type { InstalledService } from '../../service/installed.js';
import type { App } from '../app.js';
import { serviceTarget } from '../config-targets.js';
import { journals } from './service-console.js';

export interface ChangeOptions {
  /** Also when the result is not valid. */
  readonly force?: boolean;
  readonly 'dry-run': boolean;
}

/**
 * Changes the files of services in place. What a change newly makes wrong refuses it, what it newly
 * makes odd is noted; what was wrong before is not its fault.
 *
 * @param edit the changes of one text
 * @throws AgentError of the first service that refuses; then none is changed
 */
export async function changeServices(
  app: App,
  services: readonly InstalledService[],
  edit: (text: string, service: InstalledService) => IniEdit[] | Promise<IniEdit[]>,
  options: ChangeOptions,
): Promise<void> {
  const change = () => changeAll(app, services, edit, options);
  await whileEditing(app.paths, 'a change', change, { dryRun: options['dry-run'] });
}

async function changeAll(
  app: App,
  services: readonly InstalledService[],
  edit: (text: string, service: InstalledService) => IniEdit[] | Promise<IniEdit[]>,
  options: ChangeOptions,
): Promise<void> {
  const plans: { service: InstalledService; edits: IniEdit[] }[] = [];
  for (const service of services) {
    const { file } = service;
    const before = Buffer.from(readConfigFile(file)?.bytes ?? '').toString('utf8');
    const edits = await edit(before, service);
    const after = applyEdits(before, edits);
    if (after === before) continue;
    await judge(app, service, { before, after }, options.force ?? false);
    plans.push({ service, edits });
  }
  if (options['dry-run'] || plans.length === 0) return;
  const journalOf = journals(app);
  for (const { service, edits } of plans) {
    editConfigFile(service.file, edits);
    const { path, scope } = service;
    const text = `configuration changed: ${edits.map(tellEdit).join(', ')} (user origin)`;
    journalOf({ path, scope, secrets: [] }).info(text);
  }
}

/** What was changed, not into what: values may be secrets. */
function tellEdit(edit: IniEdit): string {
  return edit.op === 'remove'
    ? `remove [${edit.section}]`
    : `${edit.op} ${edit.section}.${edit.key}`;
}

async function judge(
  app: App,
  service: InstalledService,
  { before, after }: { before: string; after: string },
  force: boolean,
): Promise<void> {
  const { validate } = serviceTarget(app, service);
  const idOf = ({ section, key = '', message }: Finding): string => `${section} ${key} ${message}`;
  const known = new Set((await validate(Buffer.from(before))).map(idOf));
  const fresh = (await validate(Buffer.from(after))).filter((one) => !known.has(idOf(one)));
  const [error] = fresh.filter(({ level }) => level === 'error');
  if (error && !force) {
    throw new AgentError('E_VALUE', formatFinding(service.file, error), {
      remedy: 'correct it, or write it all the same with --force',
    });
  }
  for (const finding of fresh) app.note(formatFinding(service.file, finding));
}
