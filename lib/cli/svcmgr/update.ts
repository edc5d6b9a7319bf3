/** svcmgr update: adds resources to services, or changes keywords of theirs. */
import { parseIni } from '../../config/ini.js';
import { AgentError } from '../../errors/agent-error.js';
import { editsOfResource } from '../../service/resource-json.js';
import { defineCommand } from '../command.js';
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
    force: { type: 'boolean', default: false, describe: 'also when the result is not valid' },
    'dry-run': { type: 'boolean', alias: 'n', default: false, describe: 'check, change nothing' },
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
    await changeServices(
      app,
      services,
      (text) => {
        const taken = new Set(parseIni(text).byName.keys());
        return resources.flatMap((json) => editsOfResource(json, taken, 1));
      },
      args,
    );
    return 0;
  },
});
