/** svcmgr ls: the paths of the selected services, one per line. */

import { AgentError } from '../../errors/agent-error.js';
import { installedServices, selectServices } from '../../service/installed.js';
import { defineCommand } from '../command.js';
import { defineShape, listDocument } from '../shape.js';
import { selectorOption } from './selection.js';

const shape = defineShape<{
  path: string;
  namespace: string;
  kind: string;
  name: string;
  file: string;
}>({
  schema: 'nodemgr.object.1',
  describe: 'Services of this node (`svcmgr ls`).',
  fields: {
    path: { type: 'string', describe: 'as it is written in selectors', column: {} },
    namespace: { type: 'string', describe: '`root` when it has none' },
    kind: { type: 'string', describe: '`svc`' },
    name: { type: 'string', describe: 'last part of the path' },
    file: { type: 'string', describe: 'its configuration' },
  },
});

export default defineCommand({
  options: selectorOption,
  examples: [["$0 ls -s 'web*'", 'services whose name begins with web']],
  async run(app, args) {
    const installed = installedServices(app.paths);
    const { services, missing } =
      args.service === undefined
        ? { services: installed, missing: [] }
        : selectServices(installed, args.service);
    const rows = services.map(({ path, scope, file }) => ({ ...path, path: scope, file }));
    const text = (): string => rows.map(({ path }) => `${path}\n`).join('');
    await app.emit({ ...listDocument(shape, rows), text }, args);
    if (missing[0] !== undefined) {
      throw new AgentError('E_NO_SERVICE', `${missing[0]}: service does not exist`, {
        remedy: 'see `svcmgr ls`',
      });
    }
    return 0;
  },
});
