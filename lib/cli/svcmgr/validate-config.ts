/** svcmgr validate config: checks service files; says nothing when they are right. */
import { objectConfigFile, parseObjectPath } from '../../config/object-path.js';
import { defineCommand } from '../command.js';
import { serviceTarget } from '../config-targets.js';
import { validateConfig, validateOptions } from '../validate-config.js';
import { selected, selectorOption } from './selection.js';

export default defineCommand({
  options: { ...selectorOption, ...validateOptions },
  examples: [
    ['$0 -s web validate config', 'each problem as file:line: reason; exit 0 or 78'],
    ['$0 -s web validate config --stdin < web.conf', 'a file that is not installed yet'],
  ],
  async run(app, args) {
    const services = args.stdin
      ? [{ file: objectConfigFile(app.paths, parseObjectPath(args.service ?? 'stdin')) }]
      : await selected(app, args);
    return validateConfig(
      app,
      services.map((service) => serviceTarget(app, service)),
      args,
    );
  },
});
