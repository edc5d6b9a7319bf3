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
});

export type AddressKeywords = Values<typeof addressKeywords>;
