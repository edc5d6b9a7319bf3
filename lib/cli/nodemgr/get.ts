/** nodemgr get: one value of node.conf. */
import { nearest } from '../../config/finding.js';
import { findKeyword } from '../../config/keyword.js';
import { AgentError } from '../../errors/agent-error.js';
import { nodeSections } from '../../node/keywords.js';
import { readNodeSettings } from '../../node/settings.js';
import { defineCommand } from '../command.js';
import { parseParameter } from '../config-commands.js';

export default defineCommand({
  options: {
    param: { type: 'string', value: 'SECTION.KEY', describe: 'the parameter' },
    kw: {
      type: 'string',
      value: 'SECTION.KEY',
      describe: 'the same, as later generations write it',
    },
  },
  operands: [{ name: 'SECTION.KEY', describe: 'the parameter' }],
  examples: [['$0 get asset.schedule', 'the schedule of pushasset, or its default']],
  run(app, args) {
    const text = args.param ?? args.kw ?? args.operands[0];
    const { section, key } = parseParameter(text ?? '');
    const settings = readNodeSettings(app.paths);
    const problem = settings.problemOf(section);
    if (problem !== undefined) {
      throw new AgentError('E_CONFIG_READ', problem, {
        exit: 'config',
        remedy: 'see `nodemgr doctor` and `nodemgr validate config`',
      });
    }
    const value = settings.get(section, key);
    if (value === undefined) throw notSet(section, key);
    app.print(`${value}\n`);
    return 0;
  },
});

function notSet(section: string, key: string): AgentError {
  const table = Object.hasOwn(nodeSections, section) ? nodeSections[section] : undefined;
  const fallback = table && findKeyword([table], key)?.keyword.default;
  const near = table
    ? nearest(key, Object.keys(table))
    : nearest(section, Object.keys(nodeSections));
  const meant = near && (table ? `${section}.${near}` : `${near}.${key}`);
  const isKnown = meant === undefined || meant === `${section}.${key}`;
  return new AgentError(
    'E_NOT_SET',
    `${section}.${key} is not set${fallback === undefined ? '' : `; its default is ${fallback}`}`,
    {
      remedy: isKnown
        ? `set it with \`nodemgr set --kw ${section}.${key}=…\``
        : `did you mean ${meant}?`,
    },
  );
}
