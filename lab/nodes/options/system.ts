import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SYSTEMS, type SystemName } from '../../generations.js';
import type { NodeTraits } from '../traits.js';
import { addUnit, kibOf, type NodeOption, SIZE } from './option.js';

const DISGUISE = join(import.meta.dirname, 'disguise-meminfo.sh');
const SWAP_KIB = 2 * 1024 * 1024;

export const SYSTEM_OPTIONS: readonly NodeOption[] = [
  {
    name: 'system',
    value: { placeholder: SYSTEMS.join('|'), example: 'oldest', pattern: new RegExp(`^(${SYSTEMS.join('|')})$`) },
    summary: "its containerd: today's, or 1.6 (default: that of the lab's generation)",
    apply: (traits, value) => {
      traits.system = value as SystemName;
    },
  },
  {
    name: 'hostname',
    value: { placeholder: 'NAME', example: 'localhost', pattern: /^[A-Za-z0-9.-]{1,64}$/ },
    summary: 'the host name it has given itself',
    apply: (traits, value) => {
      traits.hostName = value;
    },
  },
  {
    name: 'little-memory',
    value: SIZE,
    summary: 'so much RAM, as far as /proc/meminfo tells',
    apply: (traits, value) => {
      const kib = kibOf(value);
      const free = Math.floor(kib * 0.8);
      disguiseMemory(traits, 'little-memory', { MemTotal: kib, MemFree: free, MemAvailable: free });
    },
  },
  {
    name: 'swap',
    summary: 'swap is on, as far as /proc/swaps and /proc/meminfo tell',
    apply: (traits) => {
      disguiseMemory(traits, 'swap', { SwapTotal: SWAP_KIB, SwapFree: SWAP_KIB });
      const columns = 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n';
      const swaps = `${columns}/dev/vdb2                               partition\t${SWAP_KIB}\t\t0\t\t-2\n`;
      traits.files.push({ path: '/etc/lab/swaps', content: swaps });
      addUnit(traits, earlyUnit('lab-swaps', '/bin/mount --bind /etc/lab/swaps /proc/swaps'));
    },
  },
  {
    name: 'no-zstd',
    summary: 'there is no zstd',
    apply: (traits) => {
      traits.hiddenPrograms.push('zstd');
    },
  },
  {
    name: 'hide',
    value: { placeholder: 'PROGRAM', example: 'nft', pattern: /^[A-Za-z0-9._-]+$/ },
    summary: 'this program does not exist (below /usr)',
    apply: (traits, value) => {
      traits.hiddenPrograms.push(value);
    },
  },
  {
    name: 'containerd-stopped',
    summary: 'containerd is installed, but neither enabled nor running',
    apply: (traits) => {
      traits.prepare.push('rm etc/systemd/system/multi-user.target.wants/containerd.service');
    },
  },
];

/** Lines of /proc/meminfo, in KiB, for those of the machine. */
function disguiseMemory(traits: NodeTraits, name: string, lines: Readonly<Record<string, number>>): void {
  const edits = Object.entries(lines).map(([key, kib]) => `${key}=${kib}`);
  const path = '/etc/lab/disguise-meminfo.sh';
  traits.files.push({ path, content: readFileSync(DISGUISE, 'utf8') });
  addUnit(traits, earlyUnit(`lab-${name}`, `/bin/sh ${path} ${name} ${edits.join(' ')}`));
}

/** A unit that has done its work before anybody can log in. */
function earlyUnit(name: string, command: string): Parameters<typeof addUnit>[1] {
  const content = `[Unit]
DefaultDependencies=no
Before=sysinit.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=${command}

[Install]
WantedBy=sysinit.target
`;
  return { name: `${name}.service`, content, wantedBy: 'sysinit.target' };
}
