/** The instances of a service inside its containers: what their agents say, kept, or worked out here. */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Note } from '../../driver/contract.js';
import { writeFileAtomic } from '../../env/atomic-file.js';
import { errnoOf } from '../../errors/agent-error.js';
import { aggregate } from '../../status/aggregate.js';
import { asStandby, type DriverStatus } from '../../status/values.js';
import type { Surroundings } from '../context.js';
import { instanceDocument } from '../instance.js';
import type { InnerDocument } from '../known-instance.js';
import { openService, type Service } from '../service.js';
import type { ResourceStatus, Statuses } from '../statuses.js';
import { type InnerAgent, innerAgents } from './agents.js';
import { parseInnerInstance } from './parse-instance.js';
import { lastLine, runInside } from './reach.js';

/** Where the answer comes from: always the agent; what was kept, else the agent; only what was kept. */
export type Freshness = 'now' | 'kept' | 'known';

const statusTimeoutMs = 60_000;

/** By rid of the container. */
export async function innerInstances(
  service: Service,
  statuses: Statuses,
  around: Surroundings,
  freshness: Freshness,
): Promise<Readonly<Record<string, InnerDocument>>> {
  const agents = innerAgents(service, around);
  return Object.fromEntries(
    await Promise.all(
      agents.map(
        async (agent): Promise<[string, InnerDocument]> => [
          agent.resource.rid,
          await innerInstance(agent, service, statuses, around, freshness),
        ],
      ),
    ),
  );
}

export async function innerInstance(
  agent: InnerAgent,
  service: Service,
  statuses: Statuses,
  around: Surroundings,
  freshness: Freshness,
): Promise<InnerDocument> {
  const { resource } = agent;
  const { status } = await statuses.of(resource);
  if (status !== 'up' && status !== 'stdby up') {
    forget(service, agent);
    const isDown = status === 'down' || status === 'stdby down';
    return workedOut(agent, service, around, isDown ? 'down' : 'n/a');
  }
  const kept = freshness === 'now' ? undefined : keptInstance(service, agent);
  if (kept) return kept;
  if (freshness === 'known') {
    const trouble: Note = { level: 'info', text: 'not asked yet what is inside: --refresh' };
    return { ...(await workedOut(agent, service, around, 'undef')), trouble };
  }
  const words = ['print', 'status', '--refresh', '--format', 'json'];
  const answer = await runInside(agent.svcmgr(words), around, { timeoutMs: statusTimeoutMs });
  const found = answer.timedOut ? undefined : parseInnerInstance(answer.stdout, agent.hostname);
  if (found) {
    keep(service, agent, found);
    return found;
  }
  forget(service, agent);
  const why = answer.timedOut ? 'it takes too long' : lastLine(answer) || 'no status';
  const trouble: Note = { level: 'warn', text: `the agent inside does not answer: ${why}` };
  return { ...(await workedOut(agent, service, around, 'undef')), overall: 'warn', trouble };
}

/** What was kept is of another time: a command goes there. */
export function forget(service: Service, agent: InnerAgent): void {
  try {
    rmSync(fileOf(service, agent), { force: true });
  } catch (error) {
    if (errnoOf(error) === undefined) throw error; // read-only: the next look asks
  }
}

function fileOf({ directory }: Service, { resource }: InnerAgent): string {
  return join(directory, `encap.status.${resource.rid}`);
}

function keptInstance(service: Service, agent: InnerAgent): InnerDocument | undefined {
  try {
    return JSON.parse(readFileSync(fileOf(service, agent), 'utf8')) as InnerDocument;
  } catch (error) {
    if (error instanceof SyntaxError || errnoOf(error) !== undefined) return undefined;
    throw error;
  }
}

/** A full disk costs the next reader a question, nothing else. */
function keep(service: Service, agent: InnerAgent, document: InnerDocument): void {
  try {
    mkdirSync(service.directory, { recursive: true });
    writeFileAtomic(fileOf(service, agent), JSON.stringify(document));
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  }
}

/** What only moves or runs things from time to time is not down with its container. */
const neverDown: readonly string[] = ['app', 'sync', 'task'];

/** The instance as the agent would say, if everything that can be had this status. */
async function workedOut(
  { hostname }: InnerAgent,
  service: Service,
  around: Surroundings,
  state: DriverStatus,
): Promise<InnerDocument> {
  const { paths, env, nodeConf } = service.source.evaluator.context;
  const there = await openService(service.file, {
    ...{ paths, nodename: hostname },
    ...(env && { env }),
    ...(nodeConf && { nodeConf }),
  });
  const statuses = there.resources.map((resource): ResourceStatus => {
    const { group, optional, disabled, standby } = resource;
    const isLeft = disabled || (state === 'down' && neverDown.includes(group));
    const status = isLeft ? 'n/a' : state;
    return {
      ...{ resource, group, optional, disabled, troubled: false, notes: [] },
      status: standby ? asStandby(status) : status,
    };
  });
  const { resources } = instanceDocument(
    there,
    statuses,
    { ...around, nodename: hostname },
    undefined,
  );
  return {
    ...{ hostname, updatedAt: null, frozen: false, provisioned: true },
    ...aggregate(statuses),
    resources,
  };
}
