/** svcmgr set: changes values of services in place; comments and order stay. */
import { readFileSync } from 'node:fs';
import { applyEdits } from '../../config/edit.js';
import { editConfigFile } from '../../config/file.js';
import { formatFinding } from '../../config/finding.js';
import { AgentError } from '../../errors/agent-error.js';
import { defineCommand } from '../command.js';
import { parseAssignments, parseParameter } from '../config-commands.js';
import { serviceTarget } from '../config-targets.js';
import { selected, selectorOption } from './selection.js';

export default defineCommand({
  options: {
    ...selectorOption,
    param: { type: 'string', value: 'SECTION.KEY', describe: 'the parameter' },
    value: { type: 'string', value: 'TEXT', mayBeEmpty: true, describe: 'its value' },
    kw: { type: 'list', value: 'SECTION.KEY=TEXT', describe: 'an assignment; may be repeated' },
    force: { type: 'boolean', default: false, describe: 'also when the result is not valid' },
    'dry-run': { type: 'boolean', alias: 'n', default: false, describe: 'check, change nothing' },
  },
  operands: [{ name: 'ASSIGNMENT', describe: 'SECTION.KEY=TEXT', many: true }],
  examples: [["$0 -s web set --kw 'task#1.schedule=@10'", 'when a task runs']],
  async run(app, args) {
    const kw = [...(args.kw ?? []), ...args.operands];
    const edits = parseAssignments({ ...args, kw }).map(([parameter, value]) => ({
      op: 'set' as const,
      ...parseParameter(parameter, 'DEFAULT'),
      value,
    }));
    const services = await selected(app, args);
    for (const service of services) {
      const { validate } = serviceTarget(app, service);
      const before = readFileSync(service.file, 'utf8');
      const known = new Set((await validate(Buffer.from(before))).map(({ message }) => message));
      const after = await validate(Buffer.from(applyEdits(before, edits)));
      // Only what this change brings in is its fault.
      const fresh = after.filter(({ message, level }) => level === 'error' && !known.has(message));
      if (fresh[0] && !args.force) {
        throw new AgentError('E_VALUE', formatFinding(service.file, fresh[0]), {
          remedy: 'correct it, or write it all the same with --force',
        });
      }
    }
    if (!args['dry-run']) for (const { file } of services) editConfigFile(file, edits);
    return 0;
  },
});
