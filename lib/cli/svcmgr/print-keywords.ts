/** svcmgr print keywords: what may stand in a service file, from the tables that read it. */
import type { Keyword, KeywordTable } from '../../config/keyword.js';
import { everyResourceKeyword } from '../../driver/resource-keywords.js';
import { drivers } from '../../drivers/catalogue.js';
import { serviceKeywords, subsetKeywords } from '../../service/keywords.js';
import { loadDriver } from '../../service/load-driver.js';
import { defineCommand } from '../command.js';
import { defineShape, listDocument } from '../shape.js';

interface KeywordRow {
  section: string;
  keyword: string;
  kind: string;
  default: string | null;
  required: boolean;
  provisioning: boolean;
  scopable: boolean;
  secret: boolean;
  candidates: readonly string[];
  aliases: readonly string[];
  deprecated_for: string | null;
  text: string;
}

const shape = defineShape<KeywordRow>({
  schema: 'svcmgr.keyword.1',
  describe: 'Keywords of service files (`svcmgr print keywords`).',
  fields: {
    section: {
      type: 'string',
      describe: '`DEFAULT`, `resource` (any resource), `subset`, or the driver',
      column: {},
    },
    keyword: { type: 'string', describe: 'its name', column: {} },
    kind: {
      type: 'string',
      describe: 'what its value is: `string`, `size`, `duration`…',
      column: {},
    },
    default: { type: 'string | null', describe: 'what counts when it is not set', column: {} },
    required: {
      type: 'boolean',
      describe: 'a section without it cannot be used',
      column: { show: (_, row) => neededText(row) },
    },
    provisioning: { type: 'boolean', describe: 'only `provision` needs it' },
    scopable: { type: 'boolean', describe: 'whether `keyword@node` is allowed' },
    secret: { type: 'boolean', describe: 'whether its value is masked' },
    candidates: { type: 'string[]', describe: 'values to choose from' },
    aliases: { type: 'string[]', describe: 'older names' },
    deprecated_for: { type: 'string | null', describe: 'what to write in place of it' },
    text: {
      type: 'string',
      describe: 'what it means',
      column: { show: (_, row) => wholeText(row) },
    },
  },
});

export default defineCommand({
  options: {
    driver: {
      type: 'string',
      choices: Object.keys(drivers),
      value: 'DRIVER',
      describe: 'those of one driver; default: those of DEFAULT, of any resource and of subsets',
    },
  },
  examples: [
    ['$0 print keywords --driver fs.ext4', 'what a section with `type = ext4` may hold'],
    ['$0 print keywords', 'what DEFAULT and every section may hold'],
  ],
  async run(app, args) {
    const rows =
      args.driver === undefined
        ? [
            ...rowsOf('DEFAULT', serviceKeywords),
            ...rowsOf('resource', everyResourceKeyword),
            ...rowsOf('subset', subsetKeywords),
          ]
        : rowsOf(args.driver, (await loadDriver(args.driver))?.keywords ?? {});
    if (rows.length === 0) {
      app.note(
        `${args.driver} has no keywords of its own; those of any resource: svcmgr print keywords`,
      );
    }
    await app.emit(listDocument(shape, rows), args);
    return 0;
  },
});

function rowsOf(section: string, table: KeywordTable): KeywordRow[] {
  return Object.entries(table).map(([keyword, one]: [string, Keyword]) => ({
    section,
    keyword,
    kind: one.kind,
    default: one.default ?? null,
    required: one.required ?? false,
    provisioning: one.provisioning ?? false,
    scopable: one.scopable ?? false,
    secret: one.secret ?? false,
    candidates: one.candidates ?? [],
    aliases: one.aliases ?? [],
    deprecated_for: one.deprecatedFor ?? null,
    text: one.text,
  }));
}

function neededText({ required, provisioning }: KeywordRow): string {
  return required ? (provisioning ? 'to provision' : 'always') : '-';
}

function wholeText({ text, candidates, aliases }: KeywordRow): string {
  return [
    text,
    ...(candidates.length > 0 ? [`One of ${candidates.join(', ')}.`] : []),
    ...(aliases.length > 0 ? [`Older name: ${aliases.join(', ')}.`] : []),
  ].join(' ');
}
