import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { labPaths } from '../nodes/naming.js';
import { type LabPlan, routerAddress } from '../nodes/plan.js';
import { bridgeOf } from '../nodes/plumbing.js';
import type { MachinesRecord } from './machine-record.js';

const PORT = 8080;

export interface BootPaths {
  root: string;
  /** The cluster config `boot render`, `boot serve` and `up` work from. */
  config: string;
  /** Where `boot render` writes. */
  rendered: string;
  dnsmasq: string;
  dnsmasqLog: string;
  /** Of the DHCP server beside which ours is a proxy, in a lab that has one. */
  addressesLog: string;
  leases: string;
  /** `boot serve --log`. */
  served: string;
  /** What it says besides. */
  serveOutput: string;
}

export function bootPaths(lab: string): BootPaths {
  const root = join(labPaths(lab).root, 'boot');
  const rendered = join(root, 'rendered');
  return {
    root,
    config: join(root, 'cluster.json'),
    rendered,
    dnsmasq: join(rendered, 'dnsmasq.conf'),
    dnsmasqLog: join(root, 'dnsmasq.log'),
    addressesLog: join(root, 'addresses.log'),
    leases: join(root, 'leases'),
    served: join(root, 'serve.ndjson'),
    serveOutput: join(root, 'serve.out'),
  };
}

/** Where the lab's DHCP and TFTP server is; such a lab has no router. */
export function dhcpAddress(plan: LabPlan): string {
  return routerAddress(plan, 'main');
}

export function bootUrl({ operator }: LabPlan): string {
  return `http://${operator.address}:${PORT}`;
}

/** What a person would write for these machines. */
export async function writeBootConfig({ plan, build, dhcp }: MachinesRecord): Promise<void> {
  const subnet = plan.operator.address.replace(/\.\d+$/, '');
  const range = dhcp === 'own' ? { range: `${subnet}.100-${subnet}.199` } : {};
  const config = {
    // Their processors are emulated, on ones that others use as well.
    readyTimeout: '10m',
    // They have no nameserver, without which CoreDNS ends and is started again, each time for seconds of processor.
    addons: { dns: { enabled: false } },
    hosts: plan.nodes.map(({ name, nics: [nic] }) => ({ name, mac: nic?.mac, nodeIp: nic?.address })),
    boot: {
      os: 'generic',
      kernel: build.kernel,
      initrd: build.initrd,
      // A look at the clock is an instruction then, and else an access to an emulated HPET.
      kernelArgs: ['console=ttyS0', 'tsc=reliable'],
      url: bootUrl(plan),
      sshKeys: [`${labPaths(plan.name).key}.pub`],
      dhcp: { ...range, interface: bridgeOf('main') },
    },
  };
  await writeFile(bootPaths(plan.name).config, `${JSON.stringify(config, undefined, 2)}\n`);
}
