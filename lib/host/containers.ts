import { AgentError } from '../errors/agent-error.js';
import { isMissingCommand, type Run, type RunResult } from '../exec/run.js';

/** The clients that speak to container engines; both have the same commands. */
export type ContainerClient = 'podman' | 'docker';

/** A container as its engine knows it. */
export interface Container {
  readonly id: string;
  readonly isRunning: boolean;
  /** Its processes stand still; it counts as running. */
  readonly isPaused: boolean;
  /** Its first process; undefined while it does not run. */
  readonly pid: number | undefined;
  /** Id of the image that it was made from, without `sha256:`. */
  readonly imageId: string;
  /** Of its last end. */
  readonly exitCode: number | undefined;
}

/** What an engine answers to a question about a container or an image. */
export type EngineAnswer<T> =
  | { readonly state: 'found'; readonly value: T }
  | { readonly state: 'none' }
  /** Its client is not installed: nothing of it runs here. */
  | { readonly state: 'absent'; readonly why: string }
  /** The engine itself does not answer. */
  | { readonly state: 'unavailable'; readonly why: string };

/**
 * One container by its name.
 * @param command what command lines to its engine begin with
 */
export async function findContainer(
  run: Run,
  command: readonly string[],
  name: string,
): Promise<EngineAnswer<Container>> {
  const argv = [...command, 'container', 'inspect', name];
  return answerOf(command, await ask(run, argv), parseContainer);
}

/** The id of an image that is on this host, without `sha256:`. */
export async function findImage(
  run: Run,
  command: readonly string[],
  image: string,
): Promise<EngineAnswer<string>> {
  const argv = [...command, 'image', 'inspect', '--format', '{{.Id}}', image];
  return answerOf(command, await ask(run, argv), (text) => bareId(text.trim()));
}

async function ask(run: Run, argv: readonly string[]): Promise<RunResult | undefined> {
  try {
    return await run(argv, { timeoutMs: 20_000 });
  } catch (error) {
    if (isMissingCommand(error)) return undefined;
    throw error;
  }
}

/**
 * The ids of the containers that run.
 * @returns undefined when the engine does not answer
 */
export async function runningContainers(
  run: Run,
  command: readonly string[],
): Promise<string[] | undefined> {
  const result = await ask(run, [...command, 'ps', '-q', '--no-trunc']);
  if (result?.exitCode !== 0) return undefined;
  return result.stdout.split(/\s+/).filter(Boolean);
}

function answerOf<T>(
  [client = '']: readonly string[],
  result: RunResult | undefined,
  parse: (text: string) => T,
): EngineAnswer<T> {
  if (!result) return { state: 'absent', why: `${client} is not installed` };
  if (result.exitCode === 0) return { state: 'found', value: parse(result.stdout) };
  if (isUnknown(result.stderr)) return { state: 'none' };
  const says = result.stderr.trim().split('\n').at(-1)?.slice(0, 200);
  return { state: 'unavailable', why: says || `${client} does not answer` };
}

/** @param text what the clients print about a container or image that does not exist */
export function isUnknown(text: string): boolean {
  return /no such (container|image|object)|no container with name|image not known|unable to find/i.test(
    text,
  );
}

interface Row {
  Id?: string;
  Image?: string;
  State?: { Running?: boolean; Paused?: boolean; Pid?: number; ExitCode?: number };
}

/**
 * @param text output of `podman container inspect` or `docker container inspect`
 * @throws AgentError `E_OUTPUT`
 */
export function parseContainer(text: string): Container {
  const row = parseRow(text);
  const { Id: id = '', Image: image = '', State: state = {} } = row;
  const isPaused = state.Paused === true;
  // docker calls a paused container running, podman does not.
  const isRunning = state.Running === true || isPaused;
  return {
    id,
    isRunning,
    isPaused,
    pid: isRunning && state.Pid ? state.Pid : undefined,
    imageId: bareId(image),
    exitCode: isRunning ? undefined : state.ExitCode,
  };
}

function parseRow(text: string): Row {
  try {
    const [row] = JSON.parse(text) as Row[];
    if (row?.Id) return row;
  } catch {
    // said below
  }
  throw new AgentError('E_OUTPUT', 'the container engine printed something unexpected', {
    remedy: 'run its `container inspect` by hand and report what it prints',
  });
}

function bareId(id: string): string {
  return id.replace(/^sha256:/, '');
}

/** The ids of all images of an engine, for `parseImageIds`. */
export function imageIdsArgv(command: readonly string[]): string[] {
  return [...command, 'images', '--all', '--no-trunc', '--format', '{{.ID}}'];
}

/** Without `sha256:`. */
export function parseImageIds(text: string): ReadonlySet<string> {
  return new Set(text.split(/\s+/).filter(Boolean).map(bareId));
}
