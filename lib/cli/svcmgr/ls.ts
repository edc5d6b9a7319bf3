/** svcmgr ls: the paths of the selected services, one per line. */

import { defineCommand } from '../command.js';
import { defineShape, listDocument } from '../shape.js';
import { selected, selectorOption } from './selection.js';

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
    const services = await selected(app, args, { mayBeEmpty: true });
    const rows = services.map(({ path, scope, file }) => ({ ...path, path: scope, file }));
    const text = (): string => rows.map(({ path }) => `${path}\n`).join('');
    await app.emit({ ...listDocument(shape, rows), text }, args);
    return 0;
  },
});
