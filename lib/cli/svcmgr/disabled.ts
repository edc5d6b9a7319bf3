/** The keyword `disable` of services and resources, as `enable` and `disable` write it. */
import { isFalse } from '../../config/convert.js';
import type { IniEdit } from '../../config/edit.js';
import { type IniFile, parseIni } from '../../config/ini.js';
import { baseKey } from '../../config/keyword-path.js';
import { filterResources, isFiltered, type ResourceFilter } from '../../service/filter.js';
import type { InstalledService } from '../../service/installed.js';
import { openService } from '../../service/service.js';
import type { App } from '../app.js';
import { type Args, dryRunOption, type OptionTable } from '../command.js';
import { serviceContext } from '../service-context.js';
import { changeServices } from './change.js';
import { selected, selectorOption } from './selection.js';

export const disableOptions = {
  ...selectorOption,
  rid: {
    type: 'string',
    value: 'RID',
    describe: 'only these resources: rids, groups or drivers, separated by commas',
  },
  tags: { type: 'string', value: 'TAGS', describe: 'only resources with these tags' },
  subsets: { type: 'string', value: 'SUBSETS', describe: 'only resources of these subsets' },
  ...dryRunOption('check, change nothing'),
} as const satisfies OptionTable;

/**
 * Writes `disable = true`, or removes it, with what contradicts: values for other scopes, and the old
 * lists of nodes.
 */
export async function setDisabled(
  app: App,
  args: Args<typeof disableOptions>,
  disabled: boolean,
): Promise<number> {
  const services = await selected(app, args);
  await changeServices(
    app,
    services,
    async (text, service) => {
      const ini = parseIni(text);
      const sections = await touched(app, service, args);
      const edits = sections.flatMap((section) => editsOf(ini, section, disabled));
      return isFiltered(args) || !disabled ? edits : [...edits, ...explicitlyEnabled(ini)];
    },
    { ...args, force: true },
  );
  return 0;
}

/** The sections that are asked for: DEFAULT stands for the whole service. */
async function touched(
  app: App,
  { file, scope }: InstalledService,
  filter: ResourceFilter,
): Promise<string[]> {
  if (!isFiltered(filter)) return ['DEFAULT'];
  const { resources } = await openService(file, serviceContext(app));
  return filterResources(resources, filter, scope).map(({ rid }) => rid);
}

function editsOf(ini: IniFile, section: string, disabled: boolean): IniEdit[] {
  const contrary = disabled ? 'enable_on' : 'disable_on';
  const entries = ini.byName.get(section)?.entries ?? [];
  const others = entries
    .filter(({ key }) => [contrary, 'disable'].includes(baseKey(key)))
    .filter(({ key }) => !disabled || key.toLowerCase() !== 'disable')
    .map(({ key }): IniEdit => ({ op: 'unset', section, key }));
  return disabled ? [{ op: 'set', section, key: 'disable', value: 'true' }, ...others] : others;
}

/** Resources that say `disable = false`, which would contradict the whole service. */
function explicitlyEnabled(ini: IniFile): IniEdit[] {
  return ini.sections
    .filter(({ name }) => name !== 'DEFAULT')
    .flatMap(({ name: section, entries }) =>
      entries
        .filter(({ key, value }) => baseKey(key) === 'disable' && isFalse(value))
        .map(({ key }): IniEdit => ({ op: 'unset', section, key })),
    );
}
