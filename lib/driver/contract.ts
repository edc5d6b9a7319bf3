import type { KeywordTable } from '../config/keyword.js';
import type { ObjectPath } from '../config/object-path.js';
import type { Clock } from '../env/clock.js';
import type { Paths } from '../env/paths.js';
import type { Run, RunOptions, RunResult, Stream, Usage } from '../exec/run.js';
import type { AskPlace } from '../host/hanging.js';
import type { Peers } from '../host/remote.js';
import type { Log } from '../log/log.js';
import type { DriverStatus, Status } from '../status/values.js';

/** One line under a resource in `print status`. */
export interface Note {
  readonly level: 'info' | 'warn' | 'error';
  readonly text: string;
}

export interface StatusReport {
  readonly status: DriverStatus;
  readonly notes?: readonly Note[];
}

/** The service that a resource belongs to. */
export interface ServiceFacts {
  readonly path: ObjectPath;
  /** Display form of the path: the scope of its runs and logs. */
  readonly scope: string;
  /** `DEFAULT.id`, undefined in files that were never given one. */
  readonly id: string | undefined;
  readonly nodes: readonly string[];
  readonly drpnodes: readonly string[];
  readonly topology: string;
  readonly env: string | undefined;
  /** Configuration file. */
  readonly file: string;
  /** What the service must keep; made by whoever first writes there. */
  readonly directory: string;
  /** Commands around the moment of a snapshot, `presnap_trigger` and `postsnap_trigger`. */
  readonly snapTriggers: {
    readonly before?: string | undefined;
    readonly after?: string | undefined;
  };
  /** Its launcher directory, `<name>.d`. */
  readonly scripts: string;
  readonly docker: DockerFacts;
}

/** How the containers of docker of a service are reached. */
export interface DockerFacts {
  /** The client, `docker_exe`. */
  readonly program: string;
  /** The daemon of its own, when it has one (spec service 8.5); undefined: that of the node. */
  readonly daemon: PrivateDaemon | undefined;
}

export interface PrivateDaemon {
  /** `dockerd_exe`. */
  readonly program: string;
  /** `container_data_dir`. */
  readonly dataDirectory: string;
  readonly socket: string;
  readonly pidFile: string;
  /** What it says since it was started last. */
  readonly logFile: string;
  /** `docker_daemon_args`. */
  readonly options: readonly string[];
}

/** Another resource of the service, as far as drivers may look at it. */
export interface Sibling {
  readonly rid: string;
  readonly group: string;
  /** `fs.ext4`. */
  readonly driver: string;
  readonly label: string;
  readonly disabled: boolean;
  readonly tags: readonly string[];
  /** Converted keywords; undefined when its section cannot be used. */
  readonly values: KeywordValues | undefined;
  /** Files that go to the other nodes with the configuration, whether they exist or not. */
  replicates(): readonly string[];
  /** Its status now: evaluated once per process and after each action on it. */
  status(): Promise<Status>;
  /** The block devices that it makes and stands on; none where its driver knows of none. */
  devices(): Promise<Devices>;
}

/** What only reads: for status and for questions. */
export interface ReadContext {
  readonly rid: string;
  readonly tags: readonly string[];
  readonly service: ServiceFacts;
  readonly nodename: string;
  readonly paths: Paths;
  readonly clock: Clock;
  readonly log: Log;
  /** Environment of the node: `PRD`, `TST`… */
  readonly nodeEnv: string | undefined;
  /** The other nodes of the service. */
  readonly peers: Peers;
  /** Variables of spec service 9.3, for programs of the operator. */
  readonly environment: Readonly<Record<string, string>>;
  /**
   * Where the programs of this resource run, as options of a run.
   * @throws AgentError `E_VALUE` for a cap that cannot be read
   */
  processGroup(): Pick<RunOptions, 'cgroup' | 'caps'>;
  /** The keywords of this resource as another node has them; undefined when it cannot use them. */
  valuesOn(node: string): KeywordValues | undefined;
  /** The other resources of the service. */
  readonly siblings: readonly Sibling[];
  /**
   * Status of the service without some groups, of what the resource stands on
   * (spec service 4.4): `up` and `n/a` let it work.
   */
  partialAvail(without: readonly string[]): Promise<Status>;
  /** Runs a command that only reads; quiet. Any exit code is an answer. */
  probe(argv: readonly string[], options?: RunOptions): Promise<RunResult>;
  /**
   * Runs a command that looks at a place which may hang whoever looks: a mount point, or the mount
   * point that a file lies on. A process that cannot be ended is remembered, over all processes of the
   * node: while it lives the place is `silent` at once.
   */
  readonly probePlace: AskPlace;
  /**
   * The answer of a question that several resources ask, once per process: the table of mounts, the
   * list of containers. Every `change` of any resource forgets all answers.
   */
  once<T>(question: string, ask: () => Promise<T>): Promise<T>;
}

export interface ChangeOptions extends RunOptions {
  /** Other codes than these are an error of the resource; default only 0. */
  acceptExitCodes?: readonly number[];
  /** What a success prints on stderr is logged at `info`, not at `warn`. */
  quietErrors?: boolean;
  /** How much of a success the operator sees: the rest is in the debug log. Default all. */
  shows?: 'all' | 'command' | 'nothing';
  /** Logged in place of the command line. */
  announce?: string;
  /**
   * Each line of output is logged as it comes, `| ` in front, stderr as error: how programs of the
   * operator are shown. With an `onLine` of its own nothing is logged.
   */
  streams?: boolean;
}

/** What may change the host: for actions. */
export interface ActionContext extends ReadContext {
  /** `start`, `stop`, `provision`… */
  readonly action: string;
  /** The node that `migrate` moves to; of other actions undefined. */
  readonly destination: string | undefined;
  /** Changes are logged and left out. Checks of what an earlier change would have made must pass. */
  readonly dryRun: boolean;
  readonly force: boolean;
  /** Ends when the operator interrupts the action or its time is over. */
  readonly signal: AbortSignal;
  /** The status of this resource now. */
  status(): Promise<Status>;
  /**
   * Runs a command that changes the host: the command line and what it prints are logged; in a dry
   * run the command line alone.
   * @throws CommandError for a code that is not accepted
   */
  change(argv: readonly string[], options?: ChangeOptions): Promise<RunResult>;
  /** Changes the host without a command: logs `text` and calls `work`, which a dry run leaves out. */
  act<T>(text: string, work: () => T | Promise<T>): Promise<T | undefined>;
  /**
   * Says how to take back a change that has just succeeded. When the action fails, everything is
   * taken back in reverse order, over all resources of the service.
   */
  undo(work: () => void | Promise<void>): void;
  /** What `beforeSync` does is done already, for all resources of the set. */
  readonly isPrepared: boolean;
  /** Says that another node got a copy: it is told by `postsync` when the action is over. */
  synced(node: string): void;
  /** Writes keywords into the section of the resource; comments and order stay. */
  setKeywords(values: Readonly<Record<string, string>>): Promise<void>;
}

/** What a task gets for one run. */
export interface RunContext {
  run: Run;
  log: Log;
  clock: Clock;
  /** Variables of spec service 9.3 and of the slot, for the programs of the resource. */
  environment: Readonly<Record<string, string>>;
  /** Where its programs run, as options of a run. */
  processGroup: Pick<RunOptions, 'cgroup' | 'caps'>;
  /** Each line of output, as it comes. */
  onLine?: (stream: Stream, line: string) => void;
  /** How its service reaches docker; read from the configuration when it is asked for. */
  docker(): DockerFacts;
  /** The verb `wake` of the driver, with everything that actions have at hand. */
  wake(): Promise<void>;
}

/** How the work of a task resource ended. */
export interface RunOutcome {
  state: 'ok' | 'failed' | 'timeout' | 'skipped';
  reason: string | null;
  exitCode: number | null;
  signal: string | null;
  stdout: string | null;
  stderr: string | null;
  droppedBytes: number | null;
  usage: Usage | null;
}

/** The raw text of each keyword of a resource, converted by its table. */
export type KeywordValues = Readonly<Record<string, unknown>>;

/**
 * Why a resource leaves an action without being at fault (spec service 3.5): this resource alone is
 * skipped, its whole set is left, or the whole action ends. The text is logged at info.
 */
export class Leave extends Error {
  readonly what: 'resource' | 'set' | 'action';

  constructor(what: Leave['what'], text: string) {
    super(text);
    this.what = what;
  }
}

type Verb<V> = (keywords: V, context: ActionContext) => Promise<void>;

/** A resource driver: a keyword table and a few verbs. Verbs it cannot do are left out. */
export interface Driver<V = KeywordValues> {
  /** `task.host`. */
  id: string;
  describe: string;
  keywords: KeywordTable;
  /** What `print status` shows and messages name. */
  label(keywords: V, service: LabelFacts): string;
  /** Sorts before the rid inside a set: mount points, sequence numbers. Unset: by rid alone. */
  sortKey?(keywords: V, action: string): string | number | undefined;
  /**
   * The resource that it lives in: it starts right after that one and stops right before it, whatever
   * their groups. Undefined: none.
   */
  follows?(keywords: V): string | undefined;
  /** What its keywords ask for in vain, whatever its state: warnings below it, one sentence each. */
  warnings?(keywords: V): readonly string[];
  /** Changes nothing, never throws for a state that it can name, and answers within seconds. */
  status?(keywords: V, context: ReadContext): Promise<StatusReport>;
  /** Succeeds when there is nothing to do. */
  start?: Verb<V>;
  /** Succeeds when there is nothing to do. */
  stop?: Verb<V>;
  /** In place of stop for a standby resource. */
  standbyStop?: Verb<V>;
  /** Who else has what a start would take, as a sentence; undefined: nobody. */
  conflict?(keywords: V, context: ReadContext): Promise<string | undefined>;
  /** Whether `provision` was done; drivers without are always provisioned. */
  provisioned?(keywords: V, context: ReadContext): Promise<boolean>;
  /** Makes what start needs; data that is there is never destroyed. */
  provision?: Verb<V>;
  /** Takes away what provision made, data included; the resource is stopped. */
  unprovision?: Verb<V>;
  /** The work of a task. */
  run?(keywords: V, context: RunContext): Promise<RunOutcome>;
  /** `sync nodes`, `sync drp`, `sync update`… by their verb. */
  sync?: Readonly<Record<string, Verb<V>>>;
  /** Takes a node off. */
  stonith?: Verb<V>;
  /** Moves what runs here to the node `context.destination` without stopping it. */
  migrate?: Verb<V>;
  /** What it holds is lost when two nodes have it at once: a file system of a disk. */
  readonly isForOneNode?: boolean;
  /**
   * By the same verbs: what has to happen to all resources of a set before the first of them copies, so
   * that their copies are of one moment. Those with the tag `delay_snap` are left out: their copy does
   * it itself.
   */
  beforeSync?: Readonly<Record<string, Verb<V>>>;
  /** Writes what other nodes have to know of it, before the copies. */
  presync?: Verb<V>;
  /** Takes in what another node has just copied here. */
  postsync?: Verb<V>;
  /** Files that go to the other nodes with the configuration of the service, as far as they exist. */
  replicates?(keywords: V, facts: LabelFacts): readonly string[];
  /** What `pg freeze`, `pg thaw` and `pg kill` do to what it runs. */
  processGroup?: Readonly<Record<'freeze' | 'thaw' | 'kill', Verb<V>>>;
  /** The container as its engine knows it, for the commands of the client. */
  instance?(keywords: V, service: LabelFacts): EngineInstance;
  /** How commands are run in the system inside; undefined where none can be. */
  inside?(keywords: V, service: LabelFacts): Inside | undefined;
  /** Makes the engine answer: starts the daemon of the service where it has one of its own. */
  wake?: Verb<V>;
  /** The command line of a shell in it. @param terminal a person types */
  shell?(keywords: V, service: LabelFacts, terminal: boolean): readonly string[];
  /** Key and value pairs for `print resource info`. */
  info?(keywords: V, context: ReadContext): Promise<Readonly<Record<string, string>>>;
  /** Block devices: those it makes, and those it stands on. */
  devices?(keywords: V, context: ReadContext): Promise<Devices>;
}

/** What a label may depend on besides the keywords. */
export interface LabelFacts {
  readonly rid: string;
  readonly service: Pick<
    ServiceFacts,
    'path' | 'nodes' | 'drpnodes' | 'scripts' | 'directory' | 'docker'
  >;
}

/** What the clients of container engines are told about. */
export interface EngineInstance {
  /** `docker`, `podman`. */
  readonly client: string;
  /** What every command line to its engine begins with. */
  readonly command: readonly string[];
  readonly name: string;
  readonly image: string;
}

/** A system inside a container or a machine, as far as it takes commands from here. */
export interface Inside {
  /** What it may be called, its host name first. */
  readonly names: readonly string[];
  /** Put before a command, with standard input passed on; undefined: its host name is one to ssh to. */
  readonly command: readonly string[] | undefined;
  /** The program that is the agent there. */
  readonly svcmgr: string;
  /** How long it may take after a start until it takes commands, ms. */
  readonly startTimeoutMs: number;
}

export interface Devices {
  readonly exposed: readonly string[];
  readonly base: readonly string[];
}

export function defineDriver<V>(driver: Driver<V>): Driver<V> {
  return driver;
}
