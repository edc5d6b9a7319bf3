import { defineKeywords, type Values } from '../../config/keyword.js';

/** Keywords of every address (spec service 8.1). */
export const addressKeywords = defineKeywords({
  ipname: {
    kind: 'string',
    scopable: true,
    text: 'The address, or a name that resolves to it.',
  },
  ipdev: {
    kind: 'string',
    required: true,
    scopable: true,
    text: 'The interface or bridge that carries it.',
  },
  netmask: {
    kind: 'string',
    scopable: true,
    text: 'Netmask: `24`, `255.255.255.0` or `0xffffff00`. Default: that of the interface.',
  },
  dns_update: {
    kind: 'boolean',
    default: 'false',
    scopable: true,
    text: 'Whether `dns_update` posts a record of it to the collector. Without a collector it means nothing.',
  },
  dns_name_suffix: {
    kind: 'string',
    scopable: true,
    text: 'Added to the name of the service in that record.',
  },
});

export type AddressKeywords = Values<typeof addressKeywords>;
