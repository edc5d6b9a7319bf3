/** svcmgr docker, svcmgr podman: the client of the engine, with the containers of a service by their rids. */
import type { EngineInstance } from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';
import { readNodeSettings } from '../../node/settings.js';
import { filterResources } from '../../service/filter.js';
import type { Resource } from '../../service/resource.js';
import type { Service } from '../../service/service.js';
import { openService } from '../../service/service.js';
import type { App } from '../app.js';
import { type Args, type Command, defineCommand } from '../command.js';
import { runAtTerminal } from '../run-at-terminal.js';
import { serviceContext } from '../service-context.js';
import { resourceOptions } from './action.js';
import { eachService } from './each-service.js';
import { selected, selectorOption } from './selection.js';

const options = { ...selectorOption, ...resourceOptions } as const;

export function passthroughCommand(client: 'docker' | 'podman'): Command<typeof options> {
  return defineCommand({
    options,
    operands: [
      {
        name: 'ARGS',
        many: true,
        describe:
          'all for the client; {instances} and {images} are those of the resources, {container#1} one of them, {as_service} the words of a login',
      },
    ],
    examples: [
      [`$0 -s web ${client} stop {instances}`, 'every container of the service'],
      [`$0 -s web ${client} exec {container#1} ps`, 'one of them'],
      [`$0 -s web --rid container#1 ${client} inspect {images}`, 'the image of one of them'],
    ],
    async run(app, args) {
      if (args.service === undefined) {
        throw new AgentError('E_USAGE', `${client} works on the containers of a service`, {
          exit: 'usage',
          remedy: `name it before the word: svcmgr -s NAME ${client} …`,
        });
      }
      return eachService(app, await selected(app, args), async ({ file }) => {
        const service = await openService(file, serviceContext(app));
        const all = containersOf(service, client);
        const rids = filterResources(service.resources, args, service.scope).map(({ rid }) => rid);
        const chosen = all.filter(({ rid }) => rids.includes(rid));
        const words = { scope: service.scope, all, chosen, login: () => loginOf(app, service) };
        const argv = args.operands.flatMap((word) => substituted(word, words));
        const [{ command, resource }] = all;
        if (client === 'docker' && service.docker.daemon) await wake(app, args, service, resource);
        return runEngine(app, [...command, ...argv]);
      });
    },
  });
}

function runEngine(app: App, argv: readonly string[]): Promise<number> {
  const [client = ''] = argv;
  return runAtTerminal(app, argv, `install ${client}`);
}

/** The daemon of the service; what is said of it does not mix with what the client prints. */
async function wake(
  app: App,
  args: Args<typeof options>,
  service: Service,
  resource: Resource,
): Promise<void> {
  const [{ surroundingsOf }, { wakeEngine }] = await Promise.all([
    import('./service-console.js'),
    import('../../service/wake-engine.js'),
  ]);
  const around = await surroundingsOf(app, args, { dataOnStdout: true });
  const interrupt = app.edge.interruption();
  try {
    await wakeEngine(service, resource, around, interrupt.signal);
  } finally {
    interrupt.stop();
  }
}

/**
 * How the service makes itself known to a registry that asks the collector.
 * @throws AgentError `E_NO_COLLECTOR` when no collector gave this node a token
 */
function loginOf({ paths, nodename }: App, { scope }: Service): string[] {
  const token = readNodeSettings(paths).get('node', 'uuid');
  if (token) return ['-u', `${scope}@${nodename}`, '-p', token];
  throw new AgentError('E_NO_COLLECTOR', `${scope}: {as_service} needs a collector`, {
    exit: 'config',
    remedy: 'register the node there: it writes node.uuid into node.conf',
  });
}

interface Instance extends EngineInstance {
  readonly rid: string;
  readonly resource: Resource;
}

/** @throws AgentError when the service has none of this engine */
function containersOf(service: Service, client: string): [Instance, ...Instance[]] {
  const { resources, scope } = service;
  const found = resources.flatMap((resource) => {
    const { driver, values, rid, inside } = resource;
    if (!values || inside) return [];
    const instance = driver?.instance?.(values as never, { rid, service });
    return instance?.client === client ? [{ rid, resource, ...instance }] : [];
  });
  const [first, ...others] = found;
  if (first) return [first, ...others];
  throw new AgentError('E_NO_RESOURCE', `${scope}: it has no container of ${client}`, {
    remedy: `see \`svcmgr -s ${scope} print status\``,
  });
}

/** `{{.Names}}` of a format is none of ours. */
const token =
  /(?<!\{)\{(instances|images|as_service|container#[^{}\s]+)\}(?!\})|%(instances|images|as_service)%/g;

/** What the names in a command line stand for. */
interface Words {
  readonly scope: string;
  readonly all: readonly Instance[];
  readonly chosen: readonly Instance[];
  login(): string[];
}

/** One word of the command line; a word that is a list by itself becomes as many words. */
function substituted(word: string, { scope, all, chosen, login }: Words): string[] {
  const valuesOf = (name: string): string[] => {
    if (name === 'instances') return chosen.map((one) => one.name);
    if (name === 'as_service') return login();
    if (name === 'images') return [...new Set(chosen.map(({ image }) => image))];
    const one = all.find(({ rid }) => rid === name);
    if (one) return [one.name];
    throw new AgentError('E_NO_RESOURCE', `${scope}: {${name}} stands for nothing`, {
      remedy: `its containers are ${all.map(({ rid }) => rid).join(', ')}`,
    });
  };
  const [whole] = [...word.matchAll(token)];
  if (whole?.[0] === word) return valuesOf(whole[1] ?? whole[2] ?? '');
  return [
    word.replace(token, (_, braced?: string, percent?: string) =>
      valuesOf(braced ?? percent ?? '').join(' '),
    ),
  ];
}
