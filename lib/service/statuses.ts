import type { Note } from '../driver/contract.js';
import type { Part } from '../status/aggregate.js';
import { asStandby, type DriverStatus, type Status } from '../status/values.js';
import { messageOf, readContext, type Surroundings } from './context.js';
import { isKnownUnsupported } from './load-driver.js';
import type { Resource } from './resource.js';
import type { Service } from './service.js';
import { taskStatus } from './task-status.js';

/** What is known of one resource. */
export interface ResourceStatus extends Part {
  readonly resource: Resource;
  readonly status: Status;
  readonly notes: readonly Note[];
}

/** The statuses of the resources of one service: each is evaluated when it is first asked for. */
export interface Statuses {
  of(resource: Resource): Promise<ResourceStatus>;
  all(): Promise<ResourceStatus[]>;
  /** Next time the driver is asked again. */
  forget(resource?: Resource): void;
}

export function statusesOf(around: Surroundings, service: Service): Statuses {
  const known = new Map<string, Promise<ResourceStatus>>();

  function of(resource: Resource): Promise<ResourceStatus> {
    let status = known.get(resource.rid);
    if (!status) {
      status = evaluate(around, service, resource, of);
      known.set(resource.rid, status);
    }
    return status;
  }

  return {
    of,
    all: () => Promise.all(service.resources.map(of)),
    forget(resource) {
      if (resource) known.delete(resource.rid);
      else known.clear();
    },
  };
}

async function evaluate(
  around: Surroundings,
  service: Service,
  resource: Resource,
  askStatus: (resource: Resource) => Promise<Part>,
): Promise<ResourceStatus> {
  const { status, notes } = await ask(around, service, resource, askStatus);
  const { group, optional, disabled, standby } = resource;
  return {
    resource,
    group,
    optional,
    disabled,
    status: standby ? asStandby(status) : status,
    notes: distinct(notes),
    troubled: notes.some(({ level }) => level !== 'info'),
  };
}

interface Answer {
  status: DriverStatus;
  notes: readonly Note[];
}

async function ask(
  around: Surroundings,
  service: Service,
  resource: Resource,
  askStatus: (resource: Resource) => Promise<Part>,
): Promise<Answer> {
  const { driver, driverId, values, findings, disabled, tags, inside, group } = resource;
  if (disabled) return { status: 'n/a', notes: [] };
  if (tags.includes('nostatus')) {
    return { status: 'n/a', notes: [{ level: 'info', text: 'not evaluated: tag nostatus' }] };
  }
  if (inside) return { status: 'n/a', notes: [] };
  if (!driver) {
    const why = isKnownUnsupported(driverId) ? 'is not supported' : 'does not exist';
    return { status: 'undef', notes: [{ level: 'warn', text: `driver ${driverId} ${why}` }] };
  }
  if (!values) {
    const notes = findings
      .filter(({ level }) => level === 'error')
      .map(({ key, message }): Note => ({ level: 'error', text: `${key ?? ''}: ${message}` }));
    return { status: 'undef', notes };
  }
  const warnings = (driver.warnings?.(values as never) ?? []).map(
    (text): Note => ({ level: 'warn', text }),
  );
  try {
    if (group === 'task') {
      const { status, notes = [] } = await taskStatus(service, resource, around, askStatus);
      return { status, notes: [...warnings, ...notes] };
    }
    if (!driver.status) return { status: 'n/a', notes: warnings };
    const context = readContext(around, service, resource, askStatus);
    const { status, notes = [] } = await driver.status(values as never, context);
    return { status, notes: [...warnings, ...notes] };
  } catch (error) {
    return { status: 'undef', notes: [...warnings, { level: 'error', text: messageOf(error) }] };
  }
}

/** Lines of their own, each once. */
function distinct(notes: readonly Note[]): Note[] {
  const lines = notes.flatMap(({ level, text }) =>
    text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line): Note => ({ level, text: line.trimEnd() })),
  );
  const seen = new Set<string>();
  return lines.filter(({ level, text }) => {
    const key = `${level} ${text}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
