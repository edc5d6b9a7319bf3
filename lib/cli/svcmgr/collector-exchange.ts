/** svcmgr push, pull, dns_update and their kind: what services exchange with a collector. */
import { AgentError } from '../../errors/agent-error.js';
import { readNodeSettings } from '../../node/settings.js';
import { filterResources } from '../../service/filter.js';
import { openService, type Service } from '../../service/service.js';
import type { App } from '../app.js';
import { type Args, type Command, defineCommand } from '../command.js';
import { serviceContext } from '../service-context.js';
import { resourceOptions } from './action.js';
import { eachService } from './each-service.js';
import { selected, selectorOption } from './selection.js';
import { surroundingsOf } from './service-console.js';

const options = { ...selectorOption, ...resourceOptions } as const;
type ExchangeArgs = Args<typeof options>;
type Around = Awaited<ReturnType<typeof surroundingsOf>>;

interface Exchange {
  readonly example: string;
  /** What is of use without a collector as well. */
  before?(app: App, service: Service, around: Around): Promise<void>;
  /** What would be exchanged, by resource or of the whole service. */
  parts(service: Service, args: ExchangeArgs): readonly Part[];
}

interface Part {
  readonly rid?: string;
  readonly text: string;
}

const whole = (text: string) => (): readonly Part[] => [{ text }];

const exchanges = {
  push: {
    example: 'send the configuration',
    parts: whole('the configuration is not sent'),
  },
  push_config: {
    example: 'send the configuration',
    parts: whole('the configuration is not sent'),
  },
  push_resinfo: {
    example: 'send what resources tell of themselves',
    parts: whole('what its resources tell of themselves is not sent'),
  },
  push_service_status: {
    example: 'refresh the statuses, and send them',
    before: refreshStatuses,
    parts: whole('its statuses are refreshed and not sent'),
  },
  pull: {
    example: 'take the configuration from the collector',
    parts: whole('the configuration stays as it is'),
  },
  dns_update: {
    example: 'post the names of its addresses',
    parts: addresses,
  },
} as const satisfies Readonly<Record<string, Exchange>>;

export type ExchangeName = keyof typeof exchanges;

export function collectorCommand(name: ExchangeName): Command<typeof options> {
  const exchange: Exchange = exchanges[name];
  return defineCommand({
    options,
    examples: [[`$0 -s web ${name}`, exchange.example]],
    async run(app, args) {
      const services = await selected(app, args);
      const around = await surroundingsOf(app, args);
      return eachService(app, services, async ({ file, scope }) => {
        const service = await openService(file, serviceContext(app));
        const parts = exchange.parts(service, args);
        await exchange.before?.(app, service, around);
        refuseCollector(app, scope);
        for (const { rid, text } of parts) {
          around.logOf(service, rid).info(`no collector is configured: ${text}`);
        }
        return 0;
      });
    },
  });
}

/** @throws AgentError `E_NO_COLLECTOR` where one is configured: nothing is silently left out */
function refuseCollector({ paths }: App, scope: string): void {
  const address = readNodeSettings(paths).get('node', 'dbopensvc')?.trim();
  if (!address || address.toLowerCase() === 'none') return;
  throw new AgentError('E_NO_COLLECTOR', `${scope}: this version talks to no collector`, {
    exit: 'unavailable',
    remedy: 'remove node.dbopensvc from node.conf',
  });
}

async function refreshStatuses(app: App, service: Service, around: Around): Promise<void> {
  const [{ refresh }, { statusesOf }] = await Promise.all([
    import('../../service/operate.js'),
    import('../../service/statuses.js'),
  ]);
  const { unrecorded } = await refresh(
    service,
    statusesOf(around, service),
    around,
    await app.store(),
  );
  if (unrecorded) throw unrecorded;
}

/** The addresses whose names the collector is to know. */
function addresses(service: Service, args: ExchangeArgs): readonly Part[] {
  const chosen = filterResources(service.resources, args, service.scope);
  const named = chosen.filter(
    ({ group, disabled, values }) => group === 'ip' && !disabled && values?.['dns_update'] === true,
  );
  if (named.length === 0) return [{ text: 'no address has dns_update anyway' }];
  return named.map(({ rid, values }) => {
    const { ipname = 'its address', dns_name_suffix: suffix = '' } = values ?? {};
    return { rid, text: `${service.path.name}${suffix} stays without a record of ${ipname}` };
  });
}
