/** print config: a configuration file as it is, secrets masked; or its keys for programs. */
import { readConfigFile } from '../config/file.js';
import type { KeywordTable } from '../config/keyword.js';
import { isSecretKey, mask, maskConfig } from '../config/secrets.js';
import type { Style } from '../render/style.js';
import type { App } from './app.js';
import { colourConfig } from './colour-config.js';
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
    const shown = args.force ? text : maskConfig(text, tableOf);
    const { isColoured, loadStyle } = await import('../render/colour.js');
    const terminal = { isTty: app.edge.stdout.isTty, env: app.edge.env };
    if (!isColoured(args.color, terminal)) app.print(shown);
    else app.print(colourConfig(shown, await loadStyle(args.color, terminal)));
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
  await emitConfig(app, data, args);
}

/** Texts by section and keyword. */
export type ConfigData = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Configuration as data; people get it in the form of a file. */
export async function emitConfig(app: App, data: ConfigData, args: GlobalArgs): Promise<void> {
  const text = (style: Style): string => {
    const sections = Object.entries(data).map(([section, values]) => {
      const lines = Object.entries(values).map(([key, value]) => `${key} = ${inFile(value)}`);
      return [`[${section}]`, ...lines].join('\n');
    });
    return colourConfig(sections.join('\n\n'), style);
  };
  await app.emit({ schema: 'nodemgr.config.1', data, text }, args);
}

/** A value as a file can hold it. */
function inFile(value: string): string {
  return value === '' ? '""' : value.replaceAll('\n', '\n\t');
}
