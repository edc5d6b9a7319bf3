/** fs.flag: a file in memory that says that the instance is up; nothing is mounted. */
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { defineKeywords, type Values } from '../../config/keyword.js';
import { rootNamespace } from '../../config/object-path.js';
import { defineDriver, type ReadContext } from '../../driver/contract.js';

const keywords = defineKeywords({});

export default defineDriver<Values<typeof keywords>>({
  id: 'fs.flag',
  describe: 'A file in memory that says that the instance is up.',
  keywords,
  label: () => 'fs.flag',

  async status(_, context) {
    return { status: statSync(fileOf(context), { throwIfNoEntry: false }) ? 'up' : 'down' };
  },

  async start(_, context) {
    const file = fileOf(context);
    if ((await context.status()).endsWith('up')) {
      context.log.info('fs.flag is already up');
      return;
    }
    await context.act(`create ${file}`, () => {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, '');
    });
    context.undo(() => void context.act(`remove ${file}`, () => rmSync(file, { force: true })));
  },

  async stop(_, context) {
    const file = fileOf(context);
    if ((await context.status()).endsWith('down')) {
      context.log.info('fs.flag is already down');
      return;
    }
    await context.act(`remove ${file}`, () => rmSync(file, { force: true }));
  },
});

/** It goes with the boot, and lies below our run directory so that every root has its own. */
function fileOf({ rid, service, paths }: ReadContext): string {
  const { namespace, kind, name } = service.path;
  const place = namespace === rootNamespace ? [kind, name] : [namespace, kind, name];
  return [paths.run, 'flag', ...place, `${rid}.flag`].join('/');
}
