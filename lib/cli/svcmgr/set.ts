/** svcmgr set: changes values of services in place; comments and order stay. */
import { defineCommand, dryRunOption } from '../command.js';
import { assignmentOptions, assignmentsOf } from './assignments.js';
import { changeServices } from './change.js';
import { selected, selectorOption } from './selection.js';

export default defineCommand({
  options: {
    ...selectorOption,
    ...assignmentOptions,
    force: { type: 'boolean', default: false, describe: 'also when the result is not valid' },
    ...dryRunOption('check, change nothing'),
  },
  operands: [{ name: 'ASSIGNMENT', describe: 'SECTION.KEY=TEXT', many: true }],
  examples: [
    ["$0 -s web set --kw 'task#1.schedule=@10'", 'when a task runs'],
    ["$0 -s web set fs.tags+=blue 'nodes-=n3'", 'a tag for each fs resource, and a node less'],
  ],
  async run(app, args) {
    const { editsOfAssignments } = await import('../../service/assign.js');
    const assignments = assignmentsOf(args);
    const services = await selected(app, args);
    await changeServices(app, services, (text) => editsOfAssignments(text, assignments), args);
    return 0;
  },
});
