import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NEWEST } from '../../src/config/version-table.js';
import { PATHS } from '../../src/node/paths.js';
import { said } from './helpers/cli.js';
import { createWorld, type World } from './helpers/cluster-world.js';
import { nodeSnapshot } from './helpers/snapshot.js';

/* Nodes that only a jump host reaches; user, key, port and ProxyJump stand in an ssh config file and nowhere else. */

let world: World;

beforeAll(async () => {
  world = await createWorld('e2e-jump', [
    { name: 'jump', options: ['jump'] },
    { name: 's5', options: ['hidden'] },
    { name: 's6', options: ['hidden', 'ssh-reset=20000000:1'] },
  ]);
});
afterAll(() => world?.down());

describe('through a jump host', () => {
  it('up works as core with sudo, and survives a connection that is cut in mid-push', async () => {
    const finished = await world.operator.events(['up', '--hosts', 's5,s6']);
    expect(finished.exit, said(finished)).toBe(0);
    const nodes = await world.lab.exec('s5', ['/opt/bin/kubelet', '--version']);
    expect(nodes.stdout).toContain(`v${NEWEST.kubernetes}`);
  });

  it('up again changes nothing', async () => {
    // What served the connection that was cut ends when its sshd notices, and takes what it had received along.
    const staged = async () => (await world.lab.exec('s6', ['ls', PATHS.staging])).stdout;
    await expect.poll(staged, { timeout: 240_000, interval: 500 }).toBe('');
    const before = await nodeSnapshot(world.lab, 's6');
    expect((await world.up()).changed).toBe(0);
    expect(await nodeSnapshot(world.lab, 's6')).toBe(before);
  });
});

describe('a changed host key', () => {
  it('is refused within one boot epoch, and nothing is changed there', async () => {
    await world.lab.exec('s6', [
      'bash',
      '-c',
      'rm /etc/ssh/ssh_host_*; ssh-keygen -q -t ed25519 -N "" -f /etc/ssh/ssh_host_ed25519_key',
    ]);
    const before = await nodeSnapshot(world.lab, 's6');
    const finished = await world.operator.events(['up']);
    expect(finished.exit, said(finished)).toBe(3);
    expect(finished.stdout).toContain('host-key-changed');
    expect(await nodeSnapshot(world.lab, 's6')).toBe(before);
  });

  it('is normal after a reboot', async () => {
    await world.lab.reboot(['s6']);
    await world.up();
  });
});
