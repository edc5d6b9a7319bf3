import type { ActionContext, ReadContext } from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';
import { refuseContent } from '../device-content.js';
import type { Source } from './source.js';

/** How file systems of one type are recognised and made. */
export interface Format {
  /** Ends with 0 on a device that holds one. */
  detect(device: string): readonly string[];
  make(device: string, options: readonly string[], label: string): readonly string[];
}

/**
 * Whether a device holds a file system of this type.
 * @throws AgentError when the program that knows is not installed
 */
export async function isFormatted(
  format: Format,
  source: Source,
  context: ReadContext,
): Promise<boolean> {
  if (source.kind !== 'device' && source.kind !== 'file') return false;
  const { exitCode } = await context.probe(format.detect(deviceOf(source)));
  return exitCode === 0;
}

/**
 * Makes a file system on a device that holds nothing.
 *
 * @returns the device
 * @throws AgentError `E_NO_DEVICE`, `E_NOT_EMPTY`
 */
export async function makeFileSystem(
  { format, source, options, label }: MakeOptions,
  context: ActionContext,
): Promise<string> {
  if (source.kind !== 'device' && source.kind !== 'file' && !context.dryRun) {
    throw new AgentError('E_NO_DEVICE', `${source.argument} is no block device`, {
      remedy: 'start or make what it stands on, or correct `dev`',
    });
  }
  const device = deviceOf(source);
  if (!context.dryRun) await refuseContent(device, context);
  // However large it is: as long as it takes.
  await context.change(format.make(device, options, label), { timeoutMs: 0 });
  return device;
}

interface MakeOptions {
  readonly format: Format;
  readonly source: Source;
  readonly options: readonly string[];
  /** For file systems that are found by it. */
  readonly label: string;
}

function deviceOf(source: Source): string {
  return source.kind === 'device' ? (source.devices[0] ?? source.argument) : source.argument;
}
