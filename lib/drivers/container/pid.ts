import type { ReadContext } from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';
import { findContainer } from '../../host/containers.js';
import { lxcPid } from '../../host/lxc.js';
import { engineCommand } from './engine-command.js';
import { guestName } from './guest.js';
import { containerName } from './keywords.js';

/**
 * The first process of a container of this service; undefined while it does not run.
 * @throws AgentError `E_NO_CONTAINER` when no resource of that name is a container we can ask
 */
export async function containerPid(rid: string, context: ReadContext): Promise<number | undefined> {
  const sibling = context.siblings.find((candidate) => candidate.rid === rid);
  const given = sibling?.values?.['name'] as string | undefined;
  const name = containerName(given, rid, context.service);
  switch (sibling?.driver) {
    case 'container.podman':
    case 'container.docker': {
      const client = sibling.driver === 'container.podman' ? 'podman' : 'docker';
      const command = engineCommand(client, context.service.docker);
      const answer = await context.once(`${command.join(' ')} container ${name}`, () =>
        findContainer(context.probe, command, name),
      );
      return answer.state === 'found' ? answer.value.pid : undefined;
    }
    case 'container.lxc':
      return lxcPid(context.probe, guestName(given, context.service));
    default:
      throw new AgentError(
        'E_NO_CONTAINER',
        sibling
          ? `${rid} has no network namespace that can be asked for`
          : `there is no resource ${rid}`,
        { exit: 'config', remedy: 'correct `container_rid` or `netns`' },
      );
  }
}
