/** pushpkg: the installed packages of every package manager that is present. */
import { AgentError } from '../../errors/agent-error.js';
import { readPackages } from '../../host/packages.js';
import { defineTask } from '../../task/contract.js';

export default defineTask({
  name: 'pushpkg',
  section: 'packages',
  describe: 'list the installed packages',

  async run({ run, results }) {
    const packages = await readPackages(run);
    if (!packages) {
      throw new AgentError('E_NO_PACKAGE_MANAGER', 'no package manager was found', {
        remedy: 'disable the task: nodemgr set --kw packages.schedule=',
      });
    }
    results.write('packages', packages);
  },
});
