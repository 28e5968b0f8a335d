import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Lab, startLab } from '../../lab/nodes/lab.js';
import { switchOf } from '../../lab/nodes/plumbing.js';
import { inNode, reaches, sshTo } from './helpers/lab-ssh.js';

const MIB = 1024 * 1024;
const KEEPALIVE = { options: ['-o', 'ServerAliveInterval=1', '-o', 'ServerAliveCountMax=2'] };

describe('lab network', () => {
  let lab: Lab;
  let neighbour: Lab;
  const address = (name: string) => lab.node(name).nics[0]?.address ?? '';
  const push = (node: string, bytes: number) =>
    sshTo(lab, node, 'wc -c', { ...KEEPALIVE, input: Buffer.alloc(bytes) }).then(({ code, stdout }) => ({
      code,
      got: stdout.trim(),
    }));

  beforeAll(async () => {
    const nodes = [
      { name: 's4' },
      { name: 's5' },
      { name: 's6', options: ['far'] },
      { name: 'jump', options: ['jump'] },
      { name: 's7', options: ['hidden'] },
    ];
    const labs = await Promise.all([
      startLab({ name: 'e2e-network', nodes, progress: console.log }),
      startLab({ name: 'e2e-neighbour', nodes: [{ name: 's4' }], progress: console.log }),
    ]);
    [lab, neighbour] = labs;
  });
  afterAll(() => Promise.all([lab?.down(), neighbour?.down()]));

  it('of one lab is out of reach for another beside it', async () => {
    const foreign = neighbour.node('s4').nics[0]?.address ?? '';
    expect(foreign).not.toBe(address('s4'));
    expect(await inNode(lab, 's4', `ping -c 1 -W 1 ${foreign} 2>&1 || :`)).toContain('Network is unreachable');
    expect(await inNode(neighbour, 's4', `ping -c 1 -W 1 ${address('s4')} 2>&1 || :`)).toContain(
      'Network is unreachable',
    );
    expect((await sshTo(neighbour, 's4', 'true')).code).toBe(0);
  });

  it('joins far nodes by a router that knows nodes, and no pods', async () => {
    expect(await reaches(lab, 's4', address('s6'))).toBe(true);
    expect(await reaches(lab, 's6', lab.plan.operator.address)).toBe(true);
    const routeToPods = await lab.exec('s4', ['ip', 'route', 'add', '10.244.2.0/24', 'via', address('s6')]);
    expect(routeToPods).toMatchObject({ code: 2, stderr: expect.stringContaining('invalid gateway') });
    await inNode(lab, 's6', 'ip address add 10.244.2.1/32 dev lo');
    await inNode(
      lab,
      's4',
      `ip route add 10.244.2.0/24 via ${address('s6').replace(/\d+$/, '254').replace('147', '146')}`,
    );
    expect(await reaches(lab, 's4', '10.244.2.1')).toBe(false);
  });

  it('carries VXLAN between far nodes', async () => {
    const end = (own: string, peer: string, inner: string) =>
      [
        `ip link add vx0 type vxlan id 7 dstport 4789 local ${address(own)} remote ${address(peer)} dev eth0`,
        `ip address add ${inner}/24 dev vx0`,
        'ip link set vx0 up',
      ].join(' && ');
    await inNode(lab, 's5', end('s5', 's6', '10.98.0.5'));
    await inNode(lab, 's6', end('s6', 's5', '10.98.0.6'));
    expect(await reaches(lab, 's5', '10.98.0.6')).toBe(true);
  });

  it('hides nodes behind the jump host', async () => {
    expect(await reaches(lab, 's4', address('s7'))).toBe(false);
    expect(await reaches(lab, 'jump', address('s7'))).toBe(true);
    const { stdout } = await sshTo(lab, 's7', 'hostname; echo $SSH_CONNECTION');
    expect(stdout).toBe(`s7\n${lab.node('jump').nics[1]?.address} ${stdout.split(' ')[1]} ${address('s7')} 22\n`);
  });

  it('parts a node from others, across the router and across reboots, until it is healed', async () => {
    await lab.partition('s4');
    for (const name of ['s5', 's6']) {
      expect(await reaches(lab, 's4', address(name)), name).toBe(false);
      expect(await reaches(lab, name, address('s4')), name).toBe(false);
    }
    expect(await reaches(lab, 's5', address('s6'))).toBe(true);
    await lab.reboot(['s4']);
    expect(await reaches(lab, 's4', address('s5'))).toBe(false);
    await lab.heal('s4');
    // The kernel may be asking for an address still, and drop what waits for the answer.
    for (const name of ['s5', 's6'])
      await expect.poll(() => reaches(lab, 's4', address(name)), { message: name }).toBe(true);
  });

  it('parts a node from the operator alone', async () => {
    await lab.partition('s5', { from: ['operator'] });
    expect((await sshTo(lab, 's5', 'true', { options: ['-o', 'ConnectTimeout=1'] })).code).toBe(255);
    expect(await reaches(lab, 's5', address('s4'))).toBe(true);
    await lab.heal();
    expect((await sshTo(lab, 's5', 'true')).code).toBe(0);
  });

  it('loses frames of a lossy link in both directions', async () => {
    await lab.shapeLink('s5', { loss: 0.5 });
    for (const [from, to] of [
      ['s4', 's5'],
      ['s5', 's4'],
    ] as const) {
      const ping = await lab.exec(from, ['ping', '-q', '-c', '100', '-i', '0.01', '-W', '1', address(to)]);
      const received = Number(/(\d+) received/.exec(ping.stdout)?.[1]);
      expect(received).toBeGreaterThan(0);
      expect(received).toBeLessThan(100);
    }
    await lab.shapeLink('s5', {});
    expect((await lab.exec('s4', ['ping', '-q', '-c', '100', '-i', '0.01', address('s5')])).stdout).toContain(
      '100 received',
    );
  });

  it('holds frames back on a slow link in both directions, also after a reboot', async () => {
    await lab.shapeLink('s5', { rate: '20mbit' });
    await lab.reboot(['s5']);
    expect(await push('s5', 4 * MIB)).toEqual({ code: 0, got: String(4 * MIB) });
    const pulled = await sshTo(lab, 's5', `head -c ${4 * MIB} /dev/zero | tr '\\0' x`);
    expect(pulled.stdout).toHaveLength(4 * MIB);
    const port = execFileSync('tc', ['-n', switchOf(lab), '-s', 'qdisc', 'show', 'dev', 's5'], { encoding: 'utf8' });
    for (const end of [port, await inNode(lab, 's5', 'tc -s qdisc show dev eth0')]) {
      expect(end).toContain('rate 20Mbit');
      expect(Number(/overlimits (\d+)/.exec(end)?.[1])).toBeGreaterThan(100);
    }
    await lab.shapeLink('s5', {});
    expect(await inNode(lab, 's5', 'tc qdisc show dev eth0')).not.toContain('tbf');
  });

  it.each(['reset', 'stall'] as const)(
    'breaks so many SSH connections by %s, once they have carried enough',
    async (how) => {
      await lab.breakSsh('s4', { afterBytes: MIB, connections: 2, how });
      expect((await push('s4', 1000)).code).toBe(0);
      for (const attempt of [1, 2]) expect((await push('s4', 8 * MIB)).code, `attempt ${attempt}`).toBe(255);
      expect(await push('s4', 8 * MIB)).toEqual({ code: 0, got: String(8 * MIB) });
      await lab.breakSsh('s4', undefined);
    },
  );

  it('breaks every SSH connection until it no longer does', async () => {
    await lab.breakSsh('s4', { afterBytes: MIB, how: 'reset' });
    for (const attempt of [1, 2, 3]) expect((await push('s4', 8 * MIB)).code, `attempt ${attempt}`).toBe(255);
    await lab.breakSsh('s4', undefined);
    expect((await push('s4', 8 * MIB)).code).toBe(0);
  });
});
