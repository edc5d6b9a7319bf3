/** svcmgr enable: takes back what `disable` says. */
import { defineCommand } from '../command.js';
import { disableOptions, setDisabled } from './disabled.js';

export default defineCommand({
  options: disableOptions,
  examples: [['$0 -s web enable --rid fs#1', 'one resource; without --rid the whole service']],
  run: (app, args) => setDisabled(app, args, false),
});
