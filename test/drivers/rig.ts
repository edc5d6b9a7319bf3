/** Drivers as the engine drives them: a service from its text, in a root of its own, on this host. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../lib/env/clock.js';
import { type Paths, pathsBelow } from '../../lib/env/paths.js';
import { removeGroupAt } from '../../lib/exec/named-groups.js';
import { createRunner, type Run, type RunOptions } from '../../lib/exec/run.js';
import type { Mount } from '../../lib/host/mounts.js';
import { createPeers } from '../../lib/host/remote.js';
import { createLog } from '../../lib/log/create-log.js';
import { silentLog } from '../../lib/log/log.js';
import type { ActionPlan, PerformOptions } from '../../lib/service/action-plan.js';
import { gateFor, type Surroundings } from '../../lib/service/context.js';
import type { InstanceDocument } from '../../lib/service/known-instance.js';
import { type OperateOptions, refresh } from '../../lib/service/operate.js';
import { type OperationName, operations } from '../../lib/service/operations.js';
import { perform } from '../../lib/service/perform.js';
import { plans } from '../../lib/service/plans.js';
import { openService, type Service } from '../../lib/service/service.js';
import { type ResourceStatus, statusesOf } from '../../lib/service/statuses.js';
import { openTestStore } from '../store/open-test-store.js';

export interface Rig {
  readonly paths: Paths;
  /** A directory for files of the test; removed with everything in it. */
  readonly place: string;
  /** Lines that the operator would have seen, without `<node>.<service>` in front. */
  readonly lines: string[];
  /** Reads the configuration again. */
  service(): Promise<Service>;
  /** The whole instance, as `print status --refresh` has it. */
  look(): Promise<InstanceDocument>;
  /** The status of one resource, evaluated now. */
  status(rid: string): Promise<ResourceStatus>;
  /** @throws what the action throws */
  act(action: keyof typeof plans, options?: PerformOptions): Promise<void>;
  /** The same with what goes around it: locks, statuses, the actions before and after. */
  operate(name: OperationName, options?: OperateOptions): Promise<void>;
  /** Writes the service file anew. */
  configure(text: string): void;
}

/** A host of another kind, for drivers whose kernel part is missing here. */
export interface Captured {
  /** Answers each command with what the real tool prints. */
  readonly run: Run;
  /** The mount table, as far as the driver may know it. */
  mounts?(): readonly Mount[];
}

export interface RigOptions {
  /** Name of the service; default `svc1`. */
  readonly name?: string;
  /** Puts every command into another place: `ip netns exec`. */
  readonly wrap?: (argv: readonly string[]) => readonly string[];
  /** Runs the commands in place of the runner, or before it. */
  readonly run?: (argv: readonly string[], real: Run, options?: RunOptions) => ReturnType<Run>;
  /** How commands reach the other nodes. */
  readonly rsh?: string;
  readonly nodename?: string;
  readonly captured?: Captured;
}

const usualName = 'svc1';

/**
 * @param text of the service file, given the directory of the test
 */
export function createRig(
  text: string | ((place: string) => string),
  { name = usualName, wrap, run, captured, rsh, nodename = 'node1' }: RigOptions = {},
): Rig {
  const place = mkdtempSync(join(tmpdir(), 'nodemgr-driver-'));
  onTestFinished(() => {
    rmSync(place, { recursive: true, force: true });
    // The usual name belongs to many tests at once.
    if (name !== usualName) removeGroupAt(name);
  });
  const paths = pathsBelow(join(place, 'root'));
  mkdirSync(paths.etc, { recursive: true });
  const file = join(paths.etc, `${name}.conf`);
  const configure = (content: string): void => writeFileSync(file, content, { mode: 0o600 });
  configure(typeof text === 'string' ? text : text(place));

  const lines: string[] = [];
  const runner = createRunner({ env: { HOME: '/root' } });
  const wrapped: Run = wrap ? (argv, options) => runner(wrap(argv), options) : runner;
  const around: Surroundings = {
    run: captured?.run ?? (run ? (argv, options) => run(argv, wrapped, options) : wrapped),
    clock: systemClock,
    paths,
    nodename,
    answers: captured?.mounts ? answersWith(captured.mounts) : new Map(),
    gate: gateFor(8),
    peers: createPeers(run ? (argv, given) => run(argv, wrapped, given) : wrapped, rsh),
    journalOf: () => silentLog,
    logOf: (_, rid) =>
      createLog({
        file: join(paths.log, `${name}.log`),
        node: nodename,
        name,
        now: systemClock.now,
        ...(rid !== undefined && { rid }),
        console: (_level, line) =>
          lines.push(line.replace(`${nodename}.${name}`, '').replace(/^[. ]/, '')),
      }),
  };
  const service = () => openService(file, { paths, nodename });
  return {
    paths,
    place,
    lines,
    service,
    configure,
    async look() {
      around.answers.clear();
      const current = await service();
      const statuses = statusesOf(around, current);
      return (await refresh(current, statuses, around, openTestStore(), { inside: 'now' }))
        .document;
    },
    async status(rid) {
      around.answers.clear();
      const current = await service();
      const resource = current.resources.find((candidate) => candidate.rid === rid);
      if (!resource) throw new Error(`no resource ${rid}`);
      return statusesOf(around, current).of(resource);
    },
    async act(action, options = {}) {
      around.answers.clear();
      const plan: ActionPlan = plans[action];
      await perform(await service(), plan, around, options);
    },
    async operate(operation, options = {}) {
      around.answers.clear();
      await operations[operation](await service(), around, openTestStore(), options);
    },
  };
}

/** Answers of `once` in which the mount table is another one. */
function answersWith(mounts: () => readonly Mount[]): Map<string, Promise<unknown>> {
  return new (class extends Map<string, Promise<unknown>> {
    override get(question: string): Promise<unknown> | undefined {
      return question === 'mounts' ? Promise.resolve(mounts()) : super.get(question);
    }
  })();
}
