import { defineKeywords, type Keyword, type Values } from '../../config/keyword.js';
import { rootNamespace } from '../../config/object-path.js';
import type { LabelFacts, ServiceFacts } from '../../driver/contract.js';
import { environmentObjectKeywords, registryObjectKeywords } from '../object-keywords.js';
import { agentKeywords } from './agent.js';

/** Keywords of containers of podman and docker (spec service 8.5). */
export const engineKeywords = defineKeywords({
  name: {
    kind: 'string',
    scopable: true,
    text: 'Name of the container. Default: `<service>.container.<n>`.',
  },
  image: {
    kind: 'string',
    required: true,
    scopable: true,
    aliases: ['run_image'],
    text: 'Image, with its tag or id.',
  },
  run_args: { kind: 'shlex', scopable: true, text: 'More options of `run`.' },
  command: {
    kind: 'shlex',
    scopable: true,
    aliases: ['run_command'],
    text: 'Command in place of that of the image.',
  },
  entrypoint: {
    kind: 'string',
    scopable: true,
    text: 'Entry point in place of that of the image.',
  },
  image_pull_policy: {
    kind: 'lower',
    default: 'once',
    candidates: ['once', 'always'],
    strict: true,
    scopable: true,
    text: 'Pull the image when it is missing, or before each start.',
  },
  pull_timeout: {
    kind: 'duration',
    default: '2m',
    scopable: true,
    text: 'How long pulling the image may take.',
  },
  rm: {
    kind: 'boolean',
    default: 'false',
    scopable: true,
    text: 'Remove the container when it ends.',
  },
  detach: {
    kind: 'boolean',
    default: 'true',
    scopable: true,
    text: 'Run it in the background. Without, a start waits until it has ended.',
  },
  netns: namespace('Network'),
  userns: namespace('User'),
  pidns: namespace('Process'),
  ipcns: namespace('IPC'),
  utsns: namespace('UTS'),
  volume_mounts: {
    kind: 'shlex',
    scopable: true,
    text: 'Words `<source>:<path>[:<options>]`: what is mounted in it.',
  },
  devices: { kind: 'shlex', scopable: true, text: 'Devices of the host that it may use.' },
  environment: { kind: 'shlex', scopable: true, text: 'Words NAME=VALUE of its environment.' },
  ...environmentObjectKeywords,
  ...registryObjectKeywords,
  user: { kind: 'string', scopable: true, text: 'Account inside that runs its command.' },
  hostname: { kind: 'string', scopable: true, text: 'Its host name.' },
  ...agentKeywords,
  privileged: flag('Give it the rights of the host.'),
  interactive: flag('Keep its standard input open.'),
  tty: flag('Give it a terminal.'),
  start_timeout: {
    kind: 'duration',
    default: '30s',
    scopable: true,
    text: 'How long a start may take, without the pull.',
  },
  stop_timeout: {
    kind: 'duration',
    scopable: true,
    text: 'How long it may take to end by itself, before it is killed. Default: 10s, of the engine.',
  },
});

export type EngineKeywords = Values<typeof engineKeywords>;

function namespace(what: string): Keyword & { kind: 'string' } {
  return {
    kind: 'string',
    scopable: true,
    text: `${what} namespace: \`host\`, \`none\`, or that of another container: \`container#1\`.`,
  };
}

function flag(text: string): Keyword & { kind: 'boolean'; default: string } {
  return { kind: 'boolean', default: 'false', scopable: true, text };
}

/** The name that an engine knows the container of a resource by. */
export function containerName(
  name: string | undefined,
  rid: string,
  { path }: Pick<ServiceFacts, 'path'> | LabelFacts['service'],
): string {
  const prefix = path.namespace === rootNamespace ? '' : `${path.namespace}..`;
  return name ?? `${prefix}${path.name}.${rid.replaceAll('#', '.')}`;
}
