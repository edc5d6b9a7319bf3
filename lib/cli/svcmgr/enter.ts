/** svcmgr enter: a shell in a container. */
import { AgentError } from '../../errors/agent-error.js';
import { hasTerminal } from '../../exec/interactive.js';
import { openService, type Service } from '../../service/service.js';
import { defineCommand } from '../command.js';
import { runAtTerminal } from '../run-at-terminal.js';
import { serviceContext } from '../service-context.js';
import { selectedOne, selectorOption } from './selection.js';

export default defineCommand({
  options: {
    ...selectorOption,
    rid: {
      type: 'string',
      value: 'RID',
      describe: 'the container; may be left out when there is one',
    },
  },
  examples: [['$0 -s web enter --rid container#1', 'a shell in it; its exit code is ours']],
  async run(app, args) {
    const { file } = await selectedOne(app, args);
    const argv = shellOf(await openService(file, serviceContext(app)), args.rid);
    return runAtTerminal(app, argv, `install ${argv[0]}`);
  },
});

/** @throws AgentError when the container is not told, does not exist or has no way in */
function shellOf(service: Service, rid: string | undefined): readonly string[] {
  const { resources, scope } = service;
  const shells = resources.flatMap((resource) => {
    const { driver, values, inside } = resource;
    const shell = values && !inside ? driver?.shell : undefined;
    if (!shell) return [];
    const facts = { rid: resource.rid, service };
    return [{ rid: resource.rid, argv: () => shell(values as never, facts, hasTerminal()) }];
  });
  const rids = shells.map((one) => one.rid).join(', ');
  const found =
    rid === undefined && shells.length === 1 ? shells[0] : shells.find((one) => one.rid === rid);
  if (found) return found.argv();
  const fact =
    shells.length === 0
      ? 'it has no container that can be entered'
      : rid === undefined
        ? 'it has several containers'
        : `${rid} is no container that can be entered`;
  throw new AgentError('E_NO_RESOURCE', `${scope}: ${fact}`, {
    remedy:
      shells.length === 0
        ? `see \`svcmgr -s ${scope} print status\``
        : `choose with --rid one of ${rids}`,
  });
}
