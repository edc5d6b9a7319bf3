import type { ReadContext } from '../../driver/contract.js';
import { readBlockDevice, realDevice } from '../../host/block-device.js';
import type { FileFacts } from '../../host/file-facts.js';
import { mountOf, placeOf } from '../../host/place.js';
import { lookAt, loopsHolding, mountTable } from '../storage-questions.js';
import { isBind, type MountKeywords } from './mount-keywords.js';

/** What a resource mounts, as far as it is there now. */
export type Source =
  /** A device, or several that hold the same file. */
  | {
      readonly kind: 'device';
      /** For mount(8) and the tools of the file system. */
      readonly argument: string;
      readonly devices: readonly string[];
      /** `major:minor` of each. */
      readonly numbers: readonly string[];
    }
  /** A regular file that no loop device holds yet. */
  | { readonly kind: 'file'; readonly argument: string }
  /** A directory, or anything else that is bound. */
  | { readonly kind: 'directory'; readonly argument: string; readonly place: DirectoryPlace }
  /** A name that means something to the kernel or to another host alone. */
  | { readonly kind: 'name'; readonly argument: string }
  /** A device that nobody has, or a path where nothing is. */
  | { readonly kind: 'missing'; readonly argument: string }
  /** A path on a file system that does not answer. */
  | {
      readonly kind: 'silent';
      readonly argument: string;
      readonly place: DirectoryPlace;
      readonly pid: number | undefined;
    };

/** Which directory of which file system, as the mount table has it. */
export interface DirectoryPlace {
  /** `major:minor`. */
  readonly deviceNumber: string;
  readonly root: string;
}

/**
 * Finds out what `dev` stands for; each look at a file system that may hang takes `stat_timeout`.
 * @throws AgentError `E_SILENT` when loop devices cannot be listed
 */
export async function readSource(kw: MountKeywords, context: ReadContext): Promise<Source> {
  const { dev, stat_timeout: timeoutMs } = kw;
  const argument = dev.startsWith('/dev/disk/by-') ? realDevice(dev) : dev;
  if (/^(UUID|LABEL|PARTUUID|PARTLABEL)=/.test(dev)) {
    const devices = await devicesByTag(dev, context, timeoutMs);
    return devices.length === 0 ? { kind: 'missing', argument } : deviceSource(argument, devices);
  }
  if (!dev.startsWith('/') || dev.startsWith('//')) return { kind: 'name', argument };
  const found = await lookAt(context, dev, timeoutMs);
  if (found.state === 'silent') {
    return { kind: 'silent', argument, pid: found.pid, place: await directoryPlace(dev, context) };
  }
  if (found.state === 'missing') return { kind: 'missing', argument };
  // Whatever it is, it will be seen in a second place.
  const kind = isBind(kw) ? 'directory' : found.facts.kind;
  switch (kind) {
    case 'block':
      return deviceSource(argument, [argument], found.facts);
    case 'directory':
      return { kind: 'directory', argument, place: await directoryPlace(dev, context) };
    default: {
      const [loop, ...more] = (await loopsHolding(context, dev)).map(({ device }) => device);
      return loop === undefined ? { kind: 'file', argument } : deviceSource(loop, [loop, ...more]);
    }
  }
}

function deviceSource(argument: string, devices: readonly string[], facts?: FileFacts): Source {
  const names = devices.flatMap((device) => [device, realDevice(device)]);
  const numbers = facts
    ? [facts.ownDeviceNumber]
    : devices.flatMap((device) => readBlockDevice(device)?.number ?? []);
  return { kind: 'device', argument, devices: [...new Set(names)], numbers };
}

/** Told by the mount table alone. */
async function directoryPlace(dev: string, context: ReadContext): Promise<DirectoryPlace> {
  const mounts = await mountTable(context);
  const { path } = placeOf(dev, mounts);
  const { mountPoint = '/', root = '/', deviceNumber = '' } = mountOf(path, mounts) ?? {};
  const words = [root, mountPoint === '/' ? path : path.slice(mountPoint.length)];
  return { deviceNumber, root: withoutSlashes(words.join('/')) };
}

/** The devices with a label or uuid. */
async function devicesByTag(
  tag: string,
  context: ReadContext,
  timeoutMs: number,
): Promise<string[]> {
  const equal = tag.indexOf('=');
  const name = tag.slice(0, equal);
  const text = tag.slice(equal + 1).replace(/^"(.*)"$/, '$1');
  const link = `/dev/disk/by-${name.toLowerCase()}/${text}`;
  const real = realDevice(link);
  if (real !== link) return [real];
  // Its cache may name a device of yesterday.
  const argv = ['blkid', '-c', '/dev/null', '-o', 'device', '-t', `${name}=${text}`];
  const answer = await context.once(`blkid ${tag}`, () =>
    context.probePlace('blkid', argv, { timeoutMs }),
  );
  if (answer.state === 'silent') return [];
  return answer.result.stdout.split('\n').filter(Boolean);
}

/** One slash between words and none at the end. */
export function withoutSlashes(path: string): string {
  return path.replace(/\/{2,}/g, '/').replace(/(.)\/$/, '$1');
}
