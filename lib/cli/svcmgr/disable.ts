/** svcmgr disable: actions, status and schedules leave a service, or some of its resources, alone. */
import { defineCommand } from '../command.js';
import { disableOptions, setDisabled } from './disabled.js';

export default defineCommand({
  options: disableOptions,
  examples: [['$0 -s web disable --rid fs#1', 'one resource; without --rid the whole service']],
  run: (app, args) => setDisabled(app, args, true),
});
