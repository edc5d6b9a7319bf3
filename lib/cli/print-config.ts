/** print config: a configuration file as it is, secrets masked; or its keys for programs. */
import { readConfigFile } from '../config/file.js';
import type { KeywordTable } from '../config/keyword.js';
import { isSecretKey, mask, maskConfig } from '../config/secrets.js';
import type { App } from './app.js';
import type { GlobalArgs } from './global-args.js';

export async function printConfig(
  app: App,
  path: string,
  tableOf: (section: string) => KeywordTable | undefined,
  args: GlobalArgs & { force: boolean },
): Promise<void> {
  const file = readConfigFile(path);
  const text = file ? Buffer.from(file.bytes).toString('utf8') : '';
  if (args.format === 'table') {
    app.print(args.force ? text : maskConfig(text, tableOf));
    return;
  }
  const data = Object.fromEntries(
    (file?.ini.sections ?? []).map(({ name, entries }) => [
      name,
      Object.fromEntries(
        entries.map(({ key, value }) => [
          key,
          !args.force && isSecretKey(key, tableOf(name)) ? mask : value,
        ]),
      ),
    ]),
  );
  await app.emit({ schema: 'nodemgr.config.1', data }, args);
}
