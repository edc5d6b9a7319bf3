/** nodemgr validate config: checks node.conf; says nothing when it is right. */
import { defineCommand } from '../command.js';
import { nodeTarget } from '../config-targets.js';
import { validateConfig, validateOptions } from '../validate-config.js';

export default defineCommand({
  options: validateOptions,
  examples: [
    ['$0 validate config', 'each problem as file:line: reason; exit 0 or 78'],
    ['$0 validate config --stdin < node.conf', 'a file that is not installed yet'],
  ],
  run: (app, args) => validateConfig(app, [nodeTarget(app)], args),
});
