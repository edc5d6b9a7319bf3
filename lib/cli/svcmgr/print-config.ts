/** svcmgr print config: a service file, with secrets masked. */
import { resourceKeywords } from '../../driver/resource-keywords.js';
import { serviceKeywords } from '../../service/keywords.js';
import { scheduleKeywords } from '../../task/schedule-keywords.js';
import { defineCommand } from '../command.js';
import { printConfig } from '../print-config.js';
import { selectedOne, selectorOption } from './selection.js';

export default defineCommand({
  options: {
    ...selectorOption,
    force: { type: 'boolean', default: false, describe: 'show secrets as they are' },
  },
  examples: [['$0 -s web print config', 'the configuration of one service']],
  async run(app, args) {
    const { file } = await selectedOne(app, args);
    const tableOf = (section: string) =>
      section === 'DEFAULT' ? serviceKeywords : { ...resourceKeywords, ...scheduleKeywords };
    await printConfig(app, file, tableOf, args);
    return 0;
  },
});
