/** svcmgr docker, svcmgr podman: the client of the engine, with the containers of a service by their rids. */
import { AgentError } from '../../errors/agent-error.js';
import { filterResources } from '../../service/filter.js';
import type { Service } from '../../service/service.js';
import { openService } from '../../service/service.js';
import type { App } from '../app.js';
import { type Command, defineCommand } from '../command.js';
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
          'all for the client; {instances} and {images} are those of the resources, {container#1} one of them',
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
        const argv = args.operands.flatMap((word) => substituted(word, service.scope, all, chosen));
        return runEngine(app, [client, ...argv]);
      });
    },
  });
}

function runEngine(app: App, argv: readonly string[]): Promise<number> {
  const [client = ''] = argv;
  return runAtTerminal(app, argv, `install ${client}`);
}

interface Instance {
  readonly rid: string;
  readonly name: string;
  readonly image: string;
}

/** @throws AgentError when the service has none of this engine */
function containersOf(service: Service, client: string): Instance[] {
  const { resources, scope } = service;
  const found = resources.flatMap((resource) => {
    const { driver, values, rid, inside } = resource;
    if (!values || inside) return [];
    const instance = driver?.instance?.(values as never, { rid, service });
    return instance?.client === client ? [{ rid, ...instance }] : [];
  });
  if (found.length > 0) return found;
  throw new AgentError('E_NO_RESOURCE', `${scope}: it has no container of ${client}`, {
    remedy: `see \`svcmgr -s ${scope} print status\``,
  });
}

/** `{{.Names}}` of a format is none of ours. */
const token =
  /(?<!\{)\{(instances|images|as_service|container#[^{}\s]+)\}(?!\})|%(instances|images)%/g;

/** One word of the command line; a word that is a list by itself becomes as many words. */
function substituted(
  word: string,
  scope: string,
  all: readonly Instance[],
  chosen: readonly Instance[],
): string[] {
  const valuesOf = (name: string): string[] => {
    if (name === 'instances') return chosen.map((one) => one.name);
    if (name === 'images') return [...new Set(chosen.map(({ image }) => image))];
    const one = all.find(({ rid }) => rid === name);
    if (one) return [one.name];
    const why =
      name === 'as_service'
        ? 'it needs a collector'
        : `its containers are ${all.map(({ rid }) => rid).join(', ')}`;
    throw new AgentError('E_NO_RESOURCE', `${scope}: {${name}} stands for nothing`, {
      remedy: why,
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
