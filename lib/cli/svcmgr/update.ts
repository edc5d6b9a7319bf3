/** svcmgr update: adds resources to services, or changes keywords of theirs. */
import { parseIni } from '../../config/ini.js';
import { AgentError } from '../../errors/agent-error.js';
import { editsOfResource } from '../../service/resource-json.js';
import { groupOf } from '../../service/sections.js';
import { defineCommand, dryRunOption } from '../command.js';
import { changeServices } from './change.js';
import { selected, selectorOption } from './selection.js';

export default defineCommand({
  options: {
    ...selectorOption,
    resource: {
      type: 'list',
      value: 'JSON',
      describe: 'a resource: {"rtype":"fs","type":"flag"} or {"rid":"fs#1",...}; may be repeated',
    },
    provision: {
      type: 'boolean',
      default: false,
      describe: 'then make what the new resources need, and start them',
    },
    force: { type: 'boolean', default: false, describe: 'also when the result is not valid' },
    ...dryRunOption('check, change nothing'),
  },
  examples: [['$0 -s web update --resource \'{"rtype":"fs","type":"flag"}\'', 'one more resource']],
  async run(app, args) {
    const resources = args.resource ?? [];
    if (resources.length === 0) {
      throw new AgentError('E_USAGE', 'nothing to update', {
        exit: 'usage',
        remedy: 'give --resource \'{"rid":"fs#1",…}\', or use `set`',
      });
    }
    const services = await selected(app, args);
    const added = new Map<string, Set<string>>();
    await changeServices(
      app,
      services,
      (text, { scope }) => {
        const before = parseIni(text).byName;
        const taken = new Set(before.keys());
        const edits = resources.flatMap((json) => editsOfResource(json, taken, 1));
        const fresh = edits.map(({ section }) => section).filter((name) => groupOf(name));
        added.set(scope, new Set(fresh.filter((name) => !before.has(name))));
        return edits;
      },
      args,
    );
    if (!args.provision || args['dry-run']) return 0;
    const { provisioning } = await import('./provisioning.js');
    let worst = 0;
    for (const [scope, rids] of added) {
      if (rids.size === 0) continue;
      const rid = [...rids].join(',');
      worst = Math.max(worst, await provisioning(app, 'provision', { scopes: [scope], rid, args }));
    }
    return worst;
  },
});
