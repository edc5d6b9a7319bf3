/** svcmgr unset: removes keys from service files. */
import { type IniFile, parseIni } from '../../config/ini.js';
import { AgentError } from '../../errors/agent-error.js';
import type { InstalledService } from '../../service/installed.js';
import { defineCommand, dryRunOption } from '../command.js';
import { changeServices } from './change.js';
import { selected, selectorOption } from './selection.js';

export default defineCommand({
  options: {
    ...selectorOption,
    param: { type: 'string', value: 'SECTION.KEY', describe: 'the parameter' },
    kw: { type: 'list', value: 'SECTION.KEY', describe: 'the same; may be repeated' },
    force: { type: 'boolean', default: false, describe: 'also when the result is not valid' },
    ...dryRunOption('check, change nothing'),
  },
  operands: [{ name: 'SECTION.KEY', describe: 'the parameter', many: true }],
  examples: [['$0 -s web unset task#1.schedule', 'never run it by itself']],
  async run(app, args) {
    const { targetsOf } = await import('../../service/assign.js');
    const given = [...(args.param ? [args.param] : []), ...(args.kw ?? []), ...args.operands];
    const names = given.length > 0 ? given : [''];
    const services = await selected(app, args);
    await changeServices(
      app,
      services,
      (text, service) => {
        const ini = parseIni(text);
        return names.flatMap((name) => {
          const targets = targetsOf(ini, name);
          const there = targets.filter(({ section, key }) => isSet(ini, section, key));
          if (there.length === 0) throw notSet(ini, name, service);
          return there.map((target) => ({ op: 'unset' as const, ...target }));
        });
      },
      args,
    );
    return 0;
  },
});

function isSet(ini: IniFile, section: string, key: string): boolean {
  return ini.byName.get(section)?.byKey.has(key.toLowerCase()) ?? false;
}

function notSet(ini: IniFile, name: string, { scope, file }: InstalledService): AgentError {
  return new AgentError('E_NOT_SET', `${name} is not set in ${file}`, {
    remedy: ini.byName.has(name)
      ? `to remove the section: svcmgr -s ${scope} delete --rid '${name}'`
      : `see \`svcmgr -s ${scope} print config\``,
  });
}
