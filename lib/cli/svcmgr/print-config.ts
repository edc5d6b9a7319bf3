/** svcmgr print config: a service file, with secrets masked. */
import { statSync } from 'node:fs';
import { findKeyword, type KeywordTable } from '../../config/keyword.js';
import { baseKey } from '../../config/keyword-path.js';
import { isSecretKey, mask } from '../../config/secrets.js';
import { evaluateFound } from '../../config/values.js';
import { AgentError } from '../../errors/agent-error.js';
import { sectionKeywords } from '../../service/section-keywords.js';
import { openServiceFile, readServiceFile, type ServiceFile } from '../../service/service-file.js';
import { defineCommand } from '../command.js';
import { requireConfig } from '../config-commands.js';
import { type ConfigData, emitConfig, printConfig } from '../print-config.js';
import { serviceContext } from '../service-context.js';
import { selectedOne, selectorOption } from './selection.js';

export default defineCommand({
  options: {
    ...selectorOption,
    force: { type: 'boolean', default: false, describe: 'show secrets as they are' },
    eval: { type: 'boolean', default: false, describe: 'scoped for a node, references resolved' },
    impersonate: { type: 'string', value: 'NODE', describe: 'evaluate for this node' },
  },
  operands: [{ name: 'mtime', describe: 'print when the file was changed, in seconds' }],
  examples: [
    ['$0 -s web print config', 'the configuration of one service'],
    ['$0 -s web print config --eval --format json', 'what counts on this node'],
    ['$0 -s web print config mtime', 'when it was changed, in seconds since 1970'],
  ],
  async run(app, args) {
    const [what] = args.operands;
    if (what !== undefined && what !== 'mtime') {
      throw new AgentError('E_USAGE', `print config ${what}: there is no such thing`, {
        exit: 'usage',
        remedy: 'write `print config` or `print config mtime`',
      });
    }
    if (args.impersonate !== undefined && !args.eval) {
      throw new AgentError('E_USAGE', '--impersonate goes with --eval', { exit: 'usage' });
    }
    const { path, file } = await selectedOne(app, args);
    if (what === 'mtime') {
      app.print(`${Number(statSync(file, { bigint: true }).mtimeNs) / 1e9}\n`);
      return 0;
    }
    // A file that must not be used may be looked at: its text, not what it evaluates to.
    const opened = args.eval
      ? readServiceFile(file, serviceContext(app))
      : openServiceFile(path, requireConfig(file, file), serviceContext(app));
    const tables = await tablesOf(opened);
    const tableOf = (section: string): KeywordTable | undefined => tables.get(section);
    if (args.eval) {
      const { node, force } = { node: args.impersonate, force: args.force };
      await emitConfig(app, evaluated(opened, tableOf, { node, force }), args);
    } else {
      await printConfig(app, file, tableOf, args);
    }
    return 0;
  },
});

async function tablesOf({ ini, evaluator }: ServiceFile): Promise<Map<string, KeywordTable>> {
  const tables = new Map<string, KeywordTable>();
  for (const { name } of ini.sections) {
    const table = await sectionKeywords(evaluator, name);
    if (table) tables.set(name, table);
  }
  return tables;
}

/**
 * The keywords that are set in each section, scopes resolved for a node. What cannot be evaluated is
 * an error that names its place.
 */
function evaluated(
  { ini, evaluator }: ServiceFile,
  tableOf: (section: string) => KeywordTable | undefined,
  { node, force }: { node: string | undefined; force: boolean },
): ConfigData {
  const used = node === undefined ? evaluator : evaluator.as(node);
  return Object.fromEntries(
    ini.sections.map(({ name: section, entries }) => {
      const table = tableOf(section);
      const keys = [...new Set(entries.map(({ key }) => baseKey(key)))];
      const values = keys.flatMap((key): [string, string][] => {
        const keyword = findKeyword(table ? [table] : [], key)?.keyword;
        const found = used.find(section, key, keyword && { ...keyword, inherit: 'leaf' });
        if (!found?.entry) return [];
        if (!force && isSecretKey(key, table)) return [[key, mask]];
        try {
          return [[key, evaluateFound(used, found, section, keyword).text]];
        } catch (error) {
          if (!(error instanceof AgentError)) throw error;
          const place = `line ${found.entry.line}: [${section}] ${key}`;
          throw new AgentError(error.code, `${place}: ${error.message}`, { exit: 'config' });
        }
      });
      return [section, Object.fromEntries(values)];
    }),
  );
}
