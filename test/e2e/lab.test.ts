import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Lab, startLab } from '../../lab/nodes/lab.js';
import { hostKey, inNode, reaches, sshTo } from './helpers/lab-ssh.js';

const NAMES = ['s4', 's5', 's6'];
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

describe('lab nodes', () => {
  let lab: Lab;
  const address = (name: string) => lab.node(name).nics[0]?.address ?? '';
  const bootIds = () => lab.list().map((node) => node.bootId);
  const identities = async (name: string) => [
    await inNode(lab, name, 'cat /proc/sys/kernel/random/boot_id'),
    await inNode(lab, name, 'cat /etc/machine-id'),
    await hostKey(lab, name),
  ];

  beforeAll(async () => {
    lab = await startLab({ name: 'e2e-nodes', nodes: NAMES.map((name) => ({ name })), progress: console.log });
  });
  afterAll(() => lab?.down());

  it('let core in by key, with sudo, each in its own boot', async () => {
    for (const name of NAMES) {
      const command = 'id -un; hostname; sudo -n id -un; cat /proc/sys/kernel/random/boot_id';
      const { stdout } = await sshTo(lab, name, command);
      const bootId = lab.list().find((node) => node.name === name)?.bootId;
      expect(stdout.trim().split('\n')).toEqual(['core', name, 'root', bootId]);
    }
    const machine = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    expect(new Set([...bootIds(), machine]).size).toBe(4);
    for (const id of bootIds()) expect(id).toMatch(UUID);
  });

  it('let nobody else in', async () => {
    expect((await sshTo(lab, 's4', 'true', { options: ['-l', 'root'] })).code).toBe(255);
    expect((await sshTo(lab, 's4', 'true', { options: ['-o', 'PubkeyAuthentication=no'] })).code).toBe(255);
  });

  it('have a root in memory, a read-only /usr and no Python, as CoreOS does', async () => {
    expect(await inNode(lab, 's4', 'findmnt -no FSTYPE /')).toBe('tmpfs');
    expect(await inNode(lab, 's4', 'findmnt -no FSTYPE,OPTIONS /usr')).toMatch(/^squashfs +ro,/);
    expect(await inNode(lab, 's4', 'touch /usr/x 2>&1 || :; ls /usr/bin/python* 2>&1 || :')).toMatch(
      /Read-only.*\n.*No such file/,
    );
  });

  it('reach each other and the operator, and nothing else', async () => {
    for (const name of NAMES) for (const other of NAMES) expect(await reaches(lab, name, address(other))).toBe(true);
    expect(await reaches(lab, 's4', lab.plan.operator.address)).toBe(true);
    expect(await inNode(lab, 's4', 'ip -4 route show default; ip -6 route show default')).toBe('');
    expect(await inNode(lab, 's4', 'ping -c 1 -W 1 192.0.2.1 2>&1 || :')).toContain('Network is unreachable');
  });

  it('run containers, each below cgroups of its own', async () => {
    const archive = readFileSync(`${lab.env().K8S_DISKLESS_IMAGES}/echo-1.tar`);
    for (const name of ['s4', 's5']) {
      const imported = await lab.exec(name, ['ctr', '-n', 'k8s.io', 'images', 'import', '-'], { input: archive });
      expect(imported).toMatchObject({ code: 0 });
    }
    const run = 'ctr -n k8s.io run --rm --net-host k8s-diskless.test/echo:1';
    const [one, other] = await Promise.all(
      ['s4', 's5'].map((name) => inNode(lab, name, `${run} same-name /bin/sh -c 'hostname; cat /proc/1/cgroup'`)),
    );
    expect(one).toMatch(/^s4\n(.*\n)*\d+:memory:\/k8s\.io\/same-name/);
    expect(other).toMatch(/^s5\n(.*\n)*\d+:memory:\/k8s\.io\/same-name/);
  });

  it('are blank after a reboot from inside, with a new identity; the others stay up', async () => {
    const before = await identities('s4');
    const others = bootIds().slice(1);
    await inNode(
      lab,
      's4',
      'mkdir -p /opt/bin && touch /opt/bin/mark /root/mark /run/mark && ip link add br0 type bridge',
    );
    await inNode(lab, 's4', 'nft add table inet leftover && ip route add 10.99.0.0/16 dev eth0');
    await lab.reboot(['s4']);
    const after = await identities('s4');
    for (const [n, value] of after.entries()) expect(value).not.toBe(before[n]);
    expect(await inNode(lab, 's4', 'ls /opt/bin /root/mark /run/mark 2>/dev/null || :')).toBe('/opt/bin:');
    expect(await inNode(lab, 's4', 'ls /sys/class/net; nft list tables; ip route show 10.99.0.0/16')).toBe('eth0\nlo');
    expect(bootIds().slice(1)).toEqual(others);
  });

  it('are blank after a power cut, which their peers are not told of', async () => {
    await inNode(lab, 's4', 'systemd-run --quiet socat TCP-LISTEN:7000,reuseaddr PIPE');
    await inNode(
      lab,
      's5',
      `systemd-run --quiet socat TCP:${address('s4')}:7000,retry=50,interval=0.1 EXEC:'sleep infinity'`,
    );
    const established = `ss -Htn state established dst ${address('s4')}`;
    await expect.poll(() => inNode(lab, 's5', established)).toContain(':7000');
    const before = await identities('s4');
    await lab.reboot(['s4'], { power: true });
    for (const [n, value] of (await identities('s4')).entries()) expect(value).not.toBe(before[n]);
    expect(await inNode(lab, 's5', established)).toContain(':7000');
  });

  it('stay off when the power is, and come back', async () => {
    await lab.powerOff(['s6']);
    expect(lab.list().map((node) => node.state)).toEqual(['on', 'on', 'off']);
    expect(await reaches(lab, 's5', address('s6'))).toBe(false);
    await expect(lab.exec('s6', ['true'])).rejects.toMatchObject({ code: 'lab-node-not-running' });
    await lab.powerOn(['s6']);
    expect(await reaches(lab, 's5', address('s6'))).toBe(true);
  });

  it('switch themselves off', async () => {
    await lab.exec('s6', ['systemctl', 'poweroff']);
    await expect.poll(() => lab.list()[2]?.state, { timeout: 30_000 }).toBe('off');
    await lab.powerOn(['s6']);
  });

  it('pass streams and exit codes of what is run in them', async () => {
    const result = await lab.exec('s4', ['sh', '-c', 'cat; echo err >&2; exit 7'], { input: 'in' });
    expect(result).toEqual({ code: 7, stdout: 'in', stderr: 'err\n' });
    expect(await lab.exec('s4', ['sh', '-c', 'kill -9 $$'])).toMatchObject({ code: 137 });
    expect(await lab.exec('s4', ['printf', '%s|', "it's", '$HOME', ''])).toMatchObject({ stdout: "it's|$HOME||" });
  });

  it('are left alone by a second `up`', async () => {
    const before = bootIds();
    await lab.up({ nodes: NAMES.map((name) => ({ name })) });
    expect(bootIds()).toEqual(before);
  });

  it('are gone without a trace after `down`', async () => {
    const link = lab.plan.operator.link;
    await lab.down();
    const traces = {
      namespaces: execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' }),
      mounts: readFileSync('/proc/self/mounts', 'utf8'),
      cgroups: execFileSync('find', ['/sys/fs/cgroup', '-type', 'd', '-name', 'kdl.*'], { encoding: 'utf8' }),
      processes: execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).replaceAll(
        /^.*(vitest|find|ps -eo).*$/gm,
        '',
      ),
      loops: execFileSync('losetup', ['--list', '--noheadings'], { encoding: 'utf8' }),
    };
    for (const [what, found] of Object.entries(traces)) expect(found, what).not.toContain('e2e-nodes');
    expect(execFileSync('ip', ['-o', 'link'], { encoding: 'utf8' })).not.toMatch(new RegExp(`\\b${link}[:@]`));
  });
});
