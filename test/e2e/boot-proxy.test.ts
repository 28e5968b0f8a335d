import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MachineLab, plugInMachines } from '../../lab/machines/machine-lab.js';
import { bootEvents } from './helpers/boot-events.js';

/*
 * In a network that has a DHCP server already, which knows nothing of booting: ours is a proxy beside it. Whether that
 * works is decided once a machine has asked for its own script, and it is switched off then.
 */

/** Emulated firmware, twice. */
const TIMEOUT = 240_000;

let lab: MachineLab;

beforeAll(async () => {
  lab = await plugInMachines({
    name: 'e2e-proxy',
    dhcp: 'proxy',
    machines: [{ name: 's4' }, { name: 's5', firmware: 'uefi' }],
    progress: (line) => void process.stderr.write(`${line}\n`),
  });
});
afterAll(() => lab?.down());

/** Addresses from which a machine has fetched its own script. */
async function askedForScript(machine: string): Promise<string[]> {
  return (await bootEvents(lab)).flatMap((event) =>
    event.type === 'transfer-finished' && event.stage === 'script' && event.host === machine ? [event.address] : [],
  );
}

describe('proxy-DHCP', () => {
  it.each(['s4', 's5'])(
    '%s boots with an address from the one server and our script from the other',
    async (name) => {
      await lab.switchOn([name]);
      await expect.poll(() => askedForScript(name), { timeout: TIMEOUT, interval: 500 }).not.toEqual([]);
      await lab.powerOff([name]);
      expect(await askedForScript(name)).toContain(lab.node(name).nics[0]?.address);
    },
    2 * TIMEOUT,
  );

  it('gave iPXE to the firmware that has none, and addresses to nobody', async () => {
    const log = await readFile(lab.boot.dnsmasqLog, 'utf8');
    expect(log).toContain('sent /usr/lib/ipxe/ipxe.efi');
    expect(log).not.toMatch(/DHCPACK/);
    expect(await readFile(lab.boot.addressesLog, 'utf8')).toMatch(/DHCPACK/);
  });
});
