import { defineKeywords, type Values } from '../../config/keyword.js';
import { type Driver, defineDriver } from '../../driver/contract.js';

const keywords = defineKeywords({
  name: { kind: 'string', scopable: true, text: 'The service as its cluster manager knows it.' },
});

type Keywords = Values<typeof keywords>;

/**
 * A cluster manager that decides where the service runs (spec service 8.9). It is neither started nor
 * asked: that it is there keeps people from starting and stopping the service past it.
 */
export function heartbeatDriver(id: string, manager: string): Driver<Keywords> {
  return defineDriver<Keywords>({
    id,
    describe: `The cluster manager ${manager}, which starts and stops the service.`,
    keywords,
    label: ({ name }) => (name === undefined ? manager : `${manager} ${name}`),
    status: async () => ({
      status: 'n/a',
      notes: [{ level: 'info', text: `${manager} is not asked` }],
    }),
  });
}
