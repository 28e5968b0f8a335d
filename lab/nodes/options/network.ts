import type { NodeOption } from './option.js';
import { NUMBER } from './option.js';

export const NETWORK_OPTIONS: readonly NodeOption[] = [
  {
    name: 'two-nics',
    summary: 'a second NIC, eth1, in a storage subnet of its own',
    apply: (traits) => {
      traits.segments.push('storage');
    },
  },
  {
    name: 'far',
    summary:
      'in another L2 segment, behind a router that routes between nodes only (routed pods cannot work, vxlan can)',
    apply: (traits) => {
      traits.segments[0] = 'far';
    },
  },
  {
    name: 'hidden',
    summary: 'in a segment that nobody but the jump node reaches; the ssh config says ProxyJump',
    apply: (traits) => {
      traits.segments[0] = 'hidden';
    },
  },
  {
    name: 'jump',
    summary: 'a jump host with a second NIC in the hidden segment',
    apply: (traits) => {
      traits.segments.push('hidden');
      traits.isJumpHost = true;
    },
  },
  {
    name: 'nameservers',
    value: NUMBER,
    summary: 'so many nameservers in /etc/resolv.conf (the resolver reads three); nobody answers at their addresses',
    apply: (traits, value) => {
      traits.nameservers = Number(value);
    },
  },
  {
    name: 'mtu',
    value: { placeholder: 'BYTES', example: '1400', pattern: /^[1-9][0-9]{3}$/ },
    summary: 'MTU of its NICs',
    apply: (traits, value) => {
      traits.mtu = Number(value);
    },
  },
  {
    name: 'rate',
    value: { placeholder: 'RATE', example: '20mbit', pattern: /^[1-9][0-9]*[kmg]bit$/ },
    summary: 'a slow link, the same in both directions',
    apply: (traits, value) => {
      traits.disturbance.link.rate = value;
    },
  },
  {
    name: 'loss',
    value: { placeholder: 'PERCENT', example: '1.5', pattern: /^[0-9]{1,2}(\.[0-9]{1,2})?$/ },
    summary: 'a lossy link: share of frames that vanish, in each direction',
    apply: (traits, value) => {
      traits.disturbance.link.loss = Number(value) / 100;
    },
  },
];
