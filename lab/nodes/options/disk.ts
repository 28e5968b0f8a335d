import { kibOf, type NodeOption, NUMBER, SIZE } from './option.js';

export const DISK_OPTIONS: readonly NodeOption[] = [
  {
    name: 'root-size',
    value: SIZE,
    summary: 'size of the tmpfs that is the root',
    apply: (traits, value) => {
      traits.rootSize = value;
    },
  },
  {
    name: 'root-free',
    value: SIZE,
    summary: 'so much space is left in the root before it is full',
    apply: (traits, value) => {
      traits.prepare.push(`mount -o "remount,size=$(($(df --output=used . | tail -n1) + ${kibOf(value)}))k" .`);
    },
  },
  {
    name: 'root-free-inodes',
    value: NUMBER,
    summary: 'so many inodes are left in the root',
    apply: (traits, value) => {
      traits.prepare.push(`mount -o "remount,nr_inodes=$(($(df --output=iused . | tail -n1) + ${value}))" .`);
    },
  },
  {
    name: 'read-only',
    value: { placeholder: 'PATH', example: '/opt', pattern: /^(\/[A-Za-z0-9._-]+)+$/ },
    summary: 'this directory is a read-only mount',
    apply: (traits, value) => {
      traits.prepare.push(
        `mkdir -p .${value} && mount --bind .${value} .${value} && mount -o remount,bind,ro .${value}`,
      );
    },
  },
];
