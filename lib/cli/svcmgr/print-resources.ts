/** svcmgr print resinfo, print devs: what resources tell of themselves beside their status. */
import type { ReadContext } from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';
import { readContext } from '../../service/context.js';
import type { Resource } from '../../service/resource.js';
import { openService, type Service } from '../../service/service.js';
import { statusesOf } from '../../service/statuses.js';
import type { App } from '../app.js';
import { type Args, type Command, defineCommand } from '../command.js';
import { serviceContext } from '../service-context.js';
import { defineShape, listDocument } from '../shape.js';
import { selected, selectorOption } from './selection.js';
import { surroundingsOf } from './service-console.js';

interface ResourceInfo {
  service: string;
  node: string;
  topology: string;
  rid: string;
  key: string;
  value: string;
}

const infoShape = defineShape<ResourceInfo>({
  schema: 'svcmgr.resinfo.1',
  describe: 'What resources tell of themselves (`svcmgr print resinfo`).',
  fields: {
    service: { type: 'string', describe: 'path of the service', column: {} },
    node: { type: 'string', describe: 'this node', column: {} },
    topology: { type: 'string', describe: '`failover` or `flex`', column: {} },
    rid: { type: 'string', describe: 'the resource', column: {} },
    key: { type: 'string', describe: 'what is told', column: {} },
    value: { type: 'string', describe: 'its value', column: {} },
  },
});

interface ResourceDevice {
  service: string;
  rid: string;
  role: string;
  device: string;
}

const deviceShape = defineShape<ResourceDevice>({
  schema: 'svcmgr.device.1',
  describe: 'Block devices of resources (`svcmgr print devs`).',
  fields: {
    service: { type: 'string', describe: 'path of the service', column: {} },
    rid: { type: 'string', describe: 'the resource', column: {} },
    role: {
      type: 'string',
      describe: '`exposed`: it makes it; `base`: it stands on it',
      column: {},
    },
    device: { type: 'string', describe: 'path of the device', column: {} },
  },
});

export const printResinfo: Command<typeof selectorOption> = defineCommand({
  options: selectorOption,
  examples: [['$0 -s web print resinfo', 'all that the resources of a service tell']],
  async run(app, args) {
    const rows = await ask(app, args, async (resource, service, context) => {
      const info = await resource.driver?.info?.(resource.values as never, context);
      const { scope, topology } = service;
      return Object.entries(info ?? {}).map(
        ([key, value]): ResourceInfo => ({
          service: scope,
          node: app.nodename,
          topology,
          rid: resource.rid,
          key,
          value,
        }),
      );
    });
    await app.emit(listDocument(infoShape, rows), args);
    return 0;
  },
});

export const printDevices: Command<typeof selectorOption> = defineCommand({
  options: selectorOption,
  examples: [['$0 -s web print devs', 'the block devices of a service']],
  async run(app, args) {
    const rows = await ask(app, args, async (resource, { scope }, context) => {
      const devices = await resource.driver?.devices?.(resource.values as never, context);
      return Object.entries(devices ?? {}).flatMap(([role, paths]: [string, readonly string[]]) =>
        paths.map(
          (device): ResourceDevice => ({ service: scope, rid: resource.rid, role, device }),
        ),
      );
    });
    await app.emit(listDocument(deviceShape, rows), args);
    return 0;
  },
});

/** Asks each usable resource; one that cannot answer is told and left out. */
async function ask<Row>(
  app: App,
  args: Args<typeof selectorOption>,
  question: (resource: Resource, service: Service, context: ReadContext) => Promise<Row[]>,
): Promise<Row[]> {
  const around = await surroundingsOf(app, args, { dataOnStdout: true });
  const rows: Row[] = [];
  for (const { file } of await selected(app, args)) {
    const service = await openService(file, serviceContext(app));
    const statuses = statusesOf(around, service);
    for (const resource of service.resources) {
      if (resource.disabled || resource.inside || !resource.values) continue;
      try {
        const context = readContext(around, service, resource, statuses.of);
        rows.push(...(await question(resource, service, context)));
      } catch (error) {
        if (!(error instanceof AgentError)) throw error;
        app.note(`${service.scope} ${resource.rid}: ${error.message}`);
      }
    }
  }
  return rows;
}
