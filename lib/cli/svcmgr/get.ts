/** svcmgr get: one value of a service. */
import { findKeyword } from '../../config/keyword.js';
import { baseKey, scopeOfKey } from '../../config/keyword-path.js';
import { type Evaluator, evaluateFound } from '../../config/values.js';
import { AgentError } from '../../errors/agent-error.js';
import { parseServiceParameter } from '../../service/parameter.js';
import { sectionKeywords } from '../../service/section-keywords.js';
import { readServiceFile } from '../../service/service-file.js';
import { defineCommand } from '../command.js';
import { serviceContext } from '../service-context.js';
import { selectedOne, selectorOption } from './selection.js';

export default defineCommand({
  options: {
    ...selectorOption,
    param: { type: 'string', value: 'SECTION.KEY', describe: 'the parameter' },
    kw: { type: 'string', value: 'SECTION.KEY', describe: 'the same' },
    eval: { type: 'boolean', default: false, describe: 'scoped for a node, references resolved' },
    impersonate: { type: 'string', value: 'NODE', describe: 'evaluate for this node' },
  },
  operands: [{ name: 'SECTION.KEY', describe: 'the parameter; without a dot, one of DEFAULT' }],
  examples: [['$0 -s web get --eval task#1.command', 'what this node would run']],
  async run(app, args) {
    const { file, scope } = await selectedOne(app, args);
    const text = args.param ?? args.kw ?? args.operands[0] ?? '';
    if (args.impersonate !== undefined && !args.eval) {
      throw new AgentError('E_USAGE', '--impersonate goes with --eval', { exit: 'usage' });
    }
    const { ini, evaluator } = readServiceFile(file, serviceContext(app));
    const { section, key } = parseServiceParameter(text, (name) => ini.byName.has(name));
    const used = args.impersonate === undefined ? evaluator : evaluator.as(args.impersonate);
    const value = await valueText(used, section, key, args.eval);
    if (value === undefined) {
      const known = ini.byName.has(section) ? '' : `: there is no section [${section}]`;
      throw new AgentError('E_NOT_SET', `${section}.${key} is not set${known}`, {
        remedy: `see \`svcmgr -s ${scope} print config\``,
      });
    }
    app.print(`${value}\n`);
    return 0;
  },
});

/**
 * The text of a keyword: as it stands in its section, or evaluated, its default included. A keyword
 * is found by its old names as well.
 */
async function valueText(
  evaluator: Evaluator,
  section: string,
  key: string,
  evaluated: boolean,
): Promise<string | undefined> {
  const table = await sectionKeywords(evaluator, section);
  const named = findKeyword(table ? [table] : [], baseKey(key));
  const names = [baseKey(key), ...(named ? [named.name, ...(named.keyword.aliases ?? [])] : [])];
  const scope = scopeOfKey(key);
  const entries = evaluator.ini.byName.get(section)?.byKey;
  const entry = names
    .map((name) => entries?.get(scope === undefined ? name : `${name}@${scope}`))
    .find((found) => found !== undefined);
  if (!evaluated) return entry?.value;
  const found =
    scope === undefined
      ? evaluator.find(section, named?.name ?? key, named?.keyword)
      : entry && { text: entry.value };
  return found && evaluateFound(evaluator, found, section, named?.keyword).text;
}
