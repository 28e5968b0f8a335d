import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Lab, startLab } from '../../lab/nodes/lab.js';
import { inNode, sshTo } from './helpers/lab-ssh.js';

const NODES = {
  odd: [
    'two-nics',
    'nameservers=4',
    'hostname=localhost',
    'little-memory=600m',
    'swap',
    'mtu=1400',
    'no-zstd',
    'hide=nft',
  ],
  full: ['root-free=20m', 'root-free-inodes=500', 'read-only=/opt', 'sudo-password', 'user=admin', 'noisy-shell'],
  shut: ['no-sudo', 'containerd-stopped', 'ssh-port=2222', 'port-taken=10250', 'port-taken=6443', 'root-size=300m'],
};

describe('awkward lab nodes', () => {
  let lab: Lab;

  beforeAll(async () => {
    const nodes = Object.entries(NODES).map(([name, options]) => ({ name, options }));
    lab = await startLab({ name: 'e2e-options', nodes, progress: console.log });
    // What an option does must outlast a boot.
    await lab.reboot(Object.keys(NODES), { power: true });
  });
  afterAll(() => lab?.down());

  it('have two NICs in two subnets, with a smaller MTU', async () => {
    const [first, second] = lab.node('odd').nics;
    const links = await inNode(lab, 'odd', 'ip -br -4 address show scope global');
    expect(links).toMatch(new RegExp(`^eth0@\\S+ +UP +${first?.address}/24 *\\neth1@\\S+ +UP +${second?.address}/24$`));
    expect(await inNode(lab, 'odd', 'cat /sys/class/net/eth[01]/mtu')).toBe('1400\n1400');
  });

  it('have four nameservers', async () => {
    expect(await inNode(lab, 'odd', 'grep -c ^nameserver /etc/resolv.conf')).toBe('4');
  });

  it('call themselves localhost', async () => {
    expect((await sshTo(lab, 'odd', 'hostname; cat /etc/hostname')).stdout).toBe('localhost\nlocalhost\n');
  });

  it('seem to have little memory and some swap', async () => {
    const seen = await inNode(
      lab,
      'odd',
      "awk '/^(MemTotal|MemAvailable|SwapTotal):/ {print $2}' /proc/meminfo; grep -c /dev /proc/swaps",
    );
    const [total, available, swap, swaps] = seen.split('\n').map(Number);
    expect([total, swap, swaps]).toEqual([600 * 1024, 2 * 1024 * 1024, 1]);
    expect(available).toBeLessThan(600 * 1024);
  });

  it('lack programs, for every user and on disk', async () => {
    const find = 'command -v zstd; sudo -n sh -c "command -v zstd nft"; ls -d /usr/bin/zstd /usr/sbin/nft';
    expect((await sshTo(lab, 'odd', find)).stdout).toBe('');
    expect((await sshTo(lab, 'shut', 'ls -d /usr/bin/zstd /usr/sbin/nft')).stdout).toBe(
      '/usr/bin/zstd\n/usr/sbin/nft\n',
    );
  });

  it('fill up', async () => {
    const { code, stderr } = await lab.exec('full', ['sh', '-c', 'head -c 30M /dev/zero >/root/fill']);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('No space left on device') });
    await inNode(lab, 'full', 'rm /root/fill && head -c 10M /dev/zero >/root/fill && rm /root/fill');
    const inodes = await lab.exec('full', ['sh', '-c', 'mkdir /root/many && cd /root/many && seq 600 | xargs touch']);
    expect(inodes.stderr).toContain('No space left on device');
    expect(await inNode(lab, 'shut', 'findmnt -no SIZE /')).toBe('300M');
  });

  it('have read-only directories', async () => {
    const { code, stderr } = await lab.exec('full', ['touch', '/opt/file']);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('Read-only file system') });
  });

  it('want a password for sudo, or allow no sudo at all', async () => {
    const asked = await sshTo(lab, 'full', 'sudo -n true');
    expect(asked).toMatchObject({ code: 1, stderr: expect.stringContaining('a password is required') });
    const refused = await sshTo(lab, 'shut', 'sudo -n -l');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/may not run sudo|a password is required/);
    expect(await inNode(lab, 'shut', 'sudo -l -U core || :')).toContain('not allowed to run sudo');
  });

  it('have a second user who may do what core does elsewhere', async () => {
    const { stdout } = await sshTo(lab, 'full', 'id -un; sudo -n id -un', { options: ['-l', 'admin'] });
    expect(stdout).toBe('admin\nroot\n');
  });

  it('greet on stdout', async () => {
    expect((await sshTo(lab, 'full', 'echo mine')).stdout).toMatch(/^Welcome, core! .*\nmine\n$/);
  });

  it('have containerd at rest, while it runs elsewhere', async () => {
    expect(await inNode(lab, 'shut', 'systemctl is-active containerd || :; systemctl is-enabled containerd || :')).toBe(
      'inactive\ndisabled',
    );
    await expect
      .poll(() => inNode(lab, 'full', 'systemctl is-active containerd || :'), { timeout: 20_000 })
      .toBe('active');
  });

  it('listen for SSH elsewhere, and have ports taken by strangers', async () => {
    const listening = await inNode(lab, 'shut', "ss -Hltn | awk '{print $4}' | sort");
    expect(listening.split('\n')).toEqual(expect.arrayContaining(['0.0.0.0:10250', '0.0.0.0:6443']));
    expect(listening).toContain(':2222');
    expect(listening).not.toMatch(/:22$/m);
    expect((await sshTo(lab, 'shut', 'echo $SSH_CONNECTION')).stdout).toMatch(/ 2222\n$/);
  });
});
