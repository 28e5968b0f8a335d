import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type MachineLab, plugInMachines } from '../../lab/machines/machine-lab.js';
import { bootEvents, isWhole } from './helpers/boot-events.js';
import { createOperator, type Operator, said } from './helpers/cli.js';
import { deployEcho, eventually, NODE_PORT } from './helpers/workload.js';

// `up` alone takes minutes there, and more on a machine that is busy.
vi.setConfig({ testTimeout: 1_800_000 });

/** What each boot fetches, in its order. */
const WHOLE = ['script', 'kernel', 'initrd', 'ignition'];

/** Everything comes back at the pace of an emulated processor, on ones that others use as well. */
const PATIENCE_SECONDS = 600;

/*
 * Machines that really boot over the network: no disk, firmware, iPXE, dnsmasq with our configuration, `boot serve`, and
 * our Ignition applied by the real one. Emulated without hardware virtualisation, everything takes its time.
 */

let lab: MachineLab;
let operator: Operator;

beforeAll(async () => {
  const progress = (line: string) => void process.stderr.write(`${line}\n`);
  lab = await plugInMachines({
    name: 'e2e-boot',
    machines: [{ name: 's4' }, { name: 's5', firmware: 'uefi' }],
    progress,
  });
  operator = await createOperator(lab.env());
});
afterAll(async () => {
  await lab?.down();
  await operator?.remove();
});

/** stdout of a program run on a machine as root, which must succeed. */
async function on(machine: string, ...argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await lab.ssh(machine, argv);
  if (code !== 0) throw new Error(`on ${machine}: ${argv.join(' ')}: exit code ${code}\n${stderr}`);
  return stdout.trim();
}

/**
 * What one machine has fetched whole, in its order. The first script of all is left out: who asks for it is known only
 * once the address has asked for a script of its own.
 */
async function fetched(machine: string): Promise<string[]> {
  return (await bootEvents(lab)).flatMap((event) =>
    event.type === 'transfer-finished' && event.host === machine && event.stage !== 'entry' && isWhole(event)
      ? [event.stage]
      : [],
  );
}

async function up(hosts: string, ...more: string[]): Promise<void> {
  const finished = await operator.events(['up', '--config', lab.boot.config, '--hosts', hosts, ...more]);
  expect(finished.exit, said(finished)).toBe(0);
}

/** A pod answers through the NodePort of its machine. */
async function expectAnswers(machines: readonly string[]): Promise<void> {
  for (const machine of machines) {
    const url = `http://${lab.node(machine).nics[0]?.address}:${NODE_PORT}/`;
    await eventually(() => on(machine, 'curl', '-sS', '-f', '-m', '5', url), PATIENCE_SECONDS);
  }
}

describe('one machine', () => {
  it('powers on, and fetches everything from boot serve', async () => {
    await lab.switchOn(['s4']);
    await lab.booted('s4');
    expect(await fetched('s4')).toEqual(WHOLE);
  });

  it('has the name, user and keys of our Ignition, on a root in RAM with a /usr that cannot be written', async () => {
    // DHCP tells the name too, but writes no file.
    expect(await on('s4', 'cat', '/etc/hostname')).toBe('s4');
    expect(await on('s4', 'hostname')).toBe('s4');
    expect(await on('s4', 'sh', '-c', 'echo $SUDO_USER')).toBe('core');
    const keys = await on('s4', 'cat', '/home/core/.ssh/authorized_keys.d/ignition');
    expect(keys).toBe((await readFile(join(lab.boot.root, '../id_ed25519.pub'), 'utf8')).trim());
    expect(await on('s4', 'findmnt', '-n', '-o', 'FSTYPE', '/')).toBe('tmpfs');
    expect(await on('s4', 'findmnt', '-n', '-o', 'FSTYPE,OPTIONS', '/usr')).toMatch(/^squashfs +ro/);
  });

  it('becomes a cluster, on cgroup v2 and a kernel of its own', async () => {
    await up('s4');
    const wide = await operator.kubectl('get', 'nodes', '-o', 'wide', '--no-headers');
    expect(wide).toMatch(/^s4 +Ready .*-cloud-amd64/);
    expect(await on('s4', 'stat', '-f', '-c', '%T', '/sys/fs/cgroup')).toBe('cgroup2fs');
  });

  it('runs a pod that answers', async () => {
    await deployEcho(operator, 1, PATIENCE_SECONDS);
    await expectAnswers(['s4']);
  });
});

describe('it reboots by itself', () => {
  it('boots over the network again, and up --wait, begun meanwhile, has the cluster back', async () => {
    const kubeconfig = await readFile(join(operator.stateDir, 'kubeconfig'), 'utf8');
    const boot = await lab.booted('s4');
    await lab.ssh('s4', ['systemctl', 'reboot']);
    // An `up` that still met the old boot would find it well; once it boots, its sshd is a quarter of a minute away.
    await expect
      .poll(async () => (await fetched('s4')).length, { timeout: PATIENCE_SECONDS * 1000, interval: 500 })
      .toBeGreaterThan(WHOLE.length);
    await up('s4', '--wait', '10m');
    expect(await operator.kubectl('get', 'nodes', '--no-headers')).toMatch(/^s4 +Ready/);
    expect(await lab.booted('s4')).not.toBe(boot);
    expect(await fetched('s4')).toEqual([...WHOLE, ...WHOLE]);
    expect(await readFile(join(operator.stateDir, 'kubeconfig'), 'utf8')).toBe(kubeconfig);
  });

  it('runs a pod that answers, once it is applied again', async () => {
    await deployEcho(operator, 1, PATIENCE_SECONDS);
    await expectAnswers(['s4']);
  });
});

describe('a second one, with UEFI, is switched on', () => {
  it('up --wait takes it in as a worker as soon as it answers', async () => {
    await lab.switchOn(['s5']);
    await up('s4,s5', '--wait', '10m');
    const nodes = await operator.kubectl('get', 'nodes', '--no-headers');
    expect(nodes).toMatch(/^s4 +Ready/m);
    expect(nodes).toMatch(/^s5 +Ready/m);
  });

  it('has fetched all of it, by iPXE over TFTP', async () => {
    expect(await fetched('s5')).toEqual(WHOLE);
    expect(await readFile(lab.boot.dnsmasqLog, 'utf8')).toContain('sent /usr/lib/ipxe/ipxe.efi');
    await on('s5', 'test', '-d', '/sys/firmware/efi');
    expect(await on('s5', 'cat', '/etc/hostname')).toBe('s5');
  });

  it('carries pods between the machines', async () => {
    const pods = await deployEcho(operator, 2, PATIENCE_SECONDS);
    await expectAnswers(['s4', 's5']);
    const [here, there] = ['s4', 's5'].map((machine) => pods.find(({ node }) => node === machine));
    for (const [from, to] of [
      [here, there],
      [there, here],
    ]) {
      const url = `http://${to?.ip}:8080/`;
      const answer = await eventually(
        () => operator.kubectl('exec', from?.name ?? '', '--', 'timeout', '5', 'wget', '-q', '-O', '-', url),
        PATIENCE_SECONDS,
      );
      expect(JSON.parse(answer)).toMatchObject({ node: to?.node, client: from?.ip });
    }
  });

  it('has kernels that have nothing to complain of', async () => {
    for (const machine of ['s4', 's5']) {
      expect(await readFile(lab.consoleFile(machine), 'utf8')).not.toMatch(
        /invalid opcode|Oops|Kernel panic|soft lockup/,
      );
    }
  });

  it('and up then finds nothing to do', async () => {
    const { exit, events, ...output } = await operator.events(['up']);
    expect(exit, said({ exit, ...output })).toBe(0);
    expect(events.at(-1)).toMatchObject({ type: 'run-finished', changed: 0 });
  });
});
