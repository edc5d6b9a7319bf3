import { defineKeywords, type Values } from '../../config/keyword.js';
import { addressKeywords } from './keywords.js';

/** Keywords of addresses inside a network namespace (spec service 8.1). */
export const netnsKeywords = defineKeywords({
  ...addressKeywords,
  container_rid: {
    kind: 'string',
    scopable: true,
    text: 'The container whose network namespace gets the address: `container#1`.',
  },
  netns: {
    kind: 'string',
    scopable: true,
    text: 'The network namespace that gets the address: its name, its path, or a container: `container#1`.',
  },
  mode: {
    kind: 'lower',
    default: 'auto',
    candidates: ['auto', 'bridge', 'dedicated', 'macvlan', 'ipvlan-l2', 'ipvlan-l3', 'ovs'],
    strict: true,
    scopable: true,
    // DEFAULT has a keyword of this name that means something else.
    inherit: 'leaf',
    text: 'How the namespace is connected. `auto`: `bridge` when `ipdev` is one, `dedicated` with the tag of that name, else `macvlan`.',
  },
  nsdev: {
    kind: 'string',
    scopable: true,
    text: 'Name of the interface inside. Default: the first free one of eth1, eth2, …',
  },
  macaddr: { kind: 'string', scopable: true, text: 'Hardware address of the interface inside.' },
  gateway: { kind: 'string', scopable: true, text: 'Default route inside.' },
  network: {
    kind: 'string',
    scopable: true,
    text: 'Network whose route is deleted with `del_net_route`.',
  },
  del_net_route: {
    kind: 'boolean',
    default: 'false',
    scopable: true,
    text: 'Delete the route to the network of the address.',
  },
  vlan_tag: { kind: 'string', scopable: true, text: 'VLAN of the port; `ovs` only.' },
  vlan_mode: {
    kind: 'string',
    default: 'native-untagged',
    scopable: true,
    text: 'VLAN mode of the port; `ovs` only.',
  },
});

export type NetnsKeywords = Values<typeof netnsKeywords>;
