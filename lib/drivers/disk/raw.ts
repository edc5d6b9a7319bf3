/** disk.raw: devices given to an application as they are, some under a second name with an owner. */
import { defineKeywords, type Values } from '../../config/keyword.js';
import {
  type ActionContext,
  defineDriver,
  type LabelFacts,
  type Note,
  type ReadContext,
} from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';
import { expandPath } from '../../host/expand-paths.js';
import type { FileFacts } from '../../host/file-facts.js';
import { ownershipDifferences, ownershipKeywords } from '../ownership.js';
import { factsOf } from '../storage-questions.js';

const keywords = defineKeywords({
  devs: {
    kind: 'list',
    required: true,
    scopable: true,
    text: 'Devices: `/dev/sda`, a pattern `/dev/sd[b-d]`, or `/dev/sda:/dev/mine` for a second name.',
  },
  ...ownershipKeywords,
  create_char_devices: {
    kind: 'boolean',
    default: 'true',
    scopable: true,
    text: 'Obsolete: the kernel has no raw devices any more.',
  },
});

type Keywords = Values<typeof keywords>;

/** A device with a second name. */
interface Mapping {
  readonly source: string;
  readonly target: string;
}

const labelOf = ({ rid, service }: LabelFacts): string =>
  `${service.path.name}.raw${rid.slice(rid.indexOf('#') + 1)}`;

export default defineDriver<Keywords>({
  id: 'disk.raw',
  describe: 'Devices given to an application as they are, some under a second name.',
  keywords,
  label: (_, facts) => labelOf(facts),

  async status(kw, context) {
    const { mappings, plain } = parseDevices(kw);
    const missing = await missingOf(plain, context);
    const level = missing.length > 0 && (await isInstanceUp(context)) ? 'warn' : 'info';
    const notes = missing.map((path): Note => ({ level, text: `${path} does not exist` }));
    if (mappings.length === 0) return { status: 'n/a', notes };
    const troubles = await Promise.all(mappings.map((mapping) => troublesOf(mapping, kw, context)));
    const isUp = troubles.every((texts) => texts.length === 0);
    const warnings = troubles.flat().map((text): Note => ({ level: 'warn', text }));
    return { status: isUp ? 'up' : 'down', notes: [...notes, ...warnings] };
  },

  async start(kw, context) {
    const { mappings } = parseDevices(kw);
    let isChanged = false;
    for (const mapping of mappings) isChanged = (await make(mapping, kw, context)) || isChanged;
    if (!isChanged) context.log.info(`${labelOf(context)} is already up`);
  },

  async stop(kw, context) {
    const { mappings } = parseDevices(kw);
    let isChanged = false;
    for (const { target } of mappings) {
      const facts = await factsOf(context, target);
      if (!facts || !isDevice(facts)) continue;
      await context.change(['rm', '-f', target]);
      isChanged = true;
    }
    if (!isChanged) context.log.info(`${labelOf(context)} is already down`);
  },

  async devices(kw, context) {
    const { mappings, plain } = parseDevices(kw);
    const missing = await missingOf(plain, context);
    const sources = [...mappings.map(({ source }) => source), ...plain];
    return { exposed: sources.filter((path) => !missing.includes(path)), base: [] };
  },
});

function parseDevices({ devs }: Keywords): { mappings: Mapping[]; plain: string[] } {
  const pairs = devs.map((word) => word.split(':'));
  return {
    mappings: pairs.flatMap(([source = '', target]) =>
      target === undefined ? [] : [{ source, target }],
    ),
    plain: pairs.flatMap(([path = '', target]) => (target === undefined ? expandPath(path) : [])),
  };
}

async function missingOf(paths: readonly string[], context: ReadContext): Promise<string[]> {
  const facts = await Promise.all(paths.map((path) => factsOf(context, path)));
  return paths.filter((_, n) => facts[n] === undefined);
}

/** By what does not ask us in turn. */
async function isInstanceUp(context: ReadContext): Promise<boolean> {
  const status = await context.partialAvail(['sync', 'app', 'task', 'disk']);
  return status.endsWith('up');
}

async function troublesOf(
  { source, target }: Mapping,
  kw: Keywords,
  context: ReadContext,
): Promise<string[]> {
  const [wanted, found] = [await factsOf(context, source), await factsOf(context, target)];
  if (!wanted) return [`${source} does not exist`];
  if (!found) return [`${target} does not exist`];
  if (!isSameDevice(wanted, found)) {
    const is = isDevice(found) ? found.ownDeviceNumber : 'no device';
    return [`${target} is ${is} instead of ${wanted.ownDeviceNumber}`];
  }
  return ownershipDifferences(kw, found).map((text) => `${target}: ${text}`);
}

function isDevice({ kind }: FileFacts): boolean {
  return kind === 'block' || kind === 'char';
}

function isSameDevice(a: FileFacts, b: FileFacts): boolean {
  return isDevice(a) && a.kind === b.kind && a.ownDeviceNumber === b.ownDeviceNumber;
}

/**
 * Makes the second name of a device and gives it its owner.
 * @returns whether there was anything to do
 */
async function make(
  { source, target }: Mapping,
  kw: Keywords,
  context: ActionContext,
): Promise<boolean> {
  const wanted = await factsOf(context, source);
  const found = await factsOf(context, target);
  if (found && !isDevice(found)) {
    throw new AgentError('E_NO_DEVICE', `${target} is there and no device`, {
      remedy: 'move it away, or correct `devs`',
    });
  }
  // What makes the device is not done in a dry run.
  if (!context.dryRun && !(wanted && isDevice(wanted))) {
    throw new AgentError('E_NO_DEVICE', `${source} is no device`, {
      remedy: 'start what makes it, or correct `devs`',
    });
  }
  const isMade = wanted && found && isSameDevice(wanted, found);
  if (!isMade) {
    if (found) {
      await context.change(['rm', '-f', target]);
      context.undo(() => makeNode(target, found, context));
    }
    await makeNode(target, wanted, context);
    context.undo(async () => void (await context.change(['rm', '-f', target])));
  }
  if (isMade && ownershipDifferences(kw, found).length === 0) return false;
  await own(target, kw, isMade ? found : undefined, context);
  return true;
}

async function makeNode(
  path: string,
  facts: FileFacts | undefined,
  context: ActionContext,
): Promise<void> {
  const [major, minor] = facts?.ownDeviceNumber.split(':') ?? ['<major>', '<minor>'];
  const type = facts?.kind === 'char' ? 'c' : 'b';
  await context.change(['mknod', path, type, major ?? '', minor ?? '']);
}

async function own(
  path: string,
  { user, group, perm }: Keywords,
  before: FileFacts | undefined,
  context: ActionContext,
): Promise<void> {
  const steps: [string, string | undefined, string | undefined][] = [
    ['chown', user, before && String(before.uid)],
    ['chgrp', group, before && String(before.gid)],
    ['chmod', perm, before?.mode.toString(8)],
  ];
  for (const [program, wanted, was] of steps) {
    if (wanted === undefined) continue;
    await context.change([program, wanted, path]);
    if (was !== undefined) {
      context.undo(async () => void (await context.change([program, was, path])));
    }
  }
}
