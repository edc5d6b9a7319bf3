/** nodemgr set: changes values of node.conf in place; comments and order stay. */
import { editConfigFile } from '../../config/file.js';
import { AgentError } from '../../errors/agent-error.js';
import { whileEditing } from '../../lock/edit-lock.js';
import { checkNodeValue } from '../../node/validate.js';
import { defineCommand, dryRunOption } from '../command.js';
import { parseAssignments, parseParameter } from '../config-commands.js';

export default defineCommand({
  options: {
    param: { type: 'string', value: 'SECTION.KEY', describe: 'the parameter' },
    value: { type: 'string', value: 'TEXT', mayBeEmpty: true, describe: 'its value' },
    kw: { type: 'list', value: 'SECTION.KEY=TEXT', describe: 'an assignment; may be repeated' },
    force: { type: 'boolean', default: false, describe: 'also when the value is not valid' },
    ...dryRunOption('check, change nothing'),
  },
  operands: [{ name: 'ASSIGNMENT', describe: 'SECTION.KEY=TEXT', many: true }],
  examples: [["$0 set --kw 'asset.schedule=02:00-04:00'", 'when the inventory is taken']],
  async run(app, args) {
    const kw = [...(args.kw ?? []), ...args.operands];
    const edits = parseAssignments({ ...args, kw }).map(([parameter, value]) => ({
      op: 'set' as const,
      ...parseParameter(parameter),
      value,
    }));
    for (const { section, key, value } of edits) {
      const refusal = await checkNodeValue(section, key, value);
      if (!refusal) continue;
      if (!args.force) {
        throw new AgentError('E_VALUE', `${section}.${key}: ${refusal}`, {
          remedy: 'correct it, or write it all the same with --force',
        });
      }
      app.note(`warning: ${section}.${key}: ${refusal}`);
    }
    const mode = { dryRun: args['dry-run'] };
    const change = () => editConfigFile(app.paths.nodeConf, edits, mode);
    await whileEditing(app.paths, 'set', change, mode);
    return 0;
  },
});
