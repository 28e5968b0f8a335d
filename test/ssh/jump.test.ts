import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createConnectLimits } from '../../src/ssh/connect.js';
import type { HostKeyPolicy } from '../../src/ssh/host-key.js';
import type { JumpHostKeysOptions } from '../../src/ssh/jump-host-keys.js';
import type { HostKey } from '../../src/ssh/transport.js';
import type { FakeSshd, FakeSshdOptions } from '../helpers/fake-sshd.js';
import { realShell } from '../helpers/fake-sshd-exec.js';
import { newKeyPair } from '../helpers/key-files.js';
import { dial, failure, fingerprintOf, newJumpPool, scratch, sshConfig, sshd } from './harness.js';

function host(name: string, server: FakeSshd, more = ''): string {
  return `Host ${name}\n  HostName ${server.host}\n  Port ${server.port}\n  User core\n  ${more}\n`;
}

const target = { host: 'node' };

/** Each was reached once, from the one before: its forwarded connections say so. */
function expectChain(...servers: FakeSshd[]): void {
  const next = servers.slice(1).map(({ host: address, port }) => [`${address}:${port}`]);
  expect(servers.map(({ forwarded }) => forwarded)).toEqual([...next, []]);
}

describe('ProxyJump', () => {
  it('goes through a jump host', async () => {
    const [gate, node] = [await sshd(), await sshd({ exec: realShell() })];
    const configFile = sshConfig(host('gate', gate) + host('node', node, 'ProxyJump gate'));
    const connection = await dial(node, { target, configFile });
    const input = Buffer.alloc(3_000_000, 'x');
    expect((await connection.exec('wc -c', { label: 'count', input })).stdout.trim()).toBe('3000000');
    expect(connection.hostKey.fingerprint).toBe(fingerprintOf(node.hostKeyLines[0]));
    expect([gate.logins, node.logins]).toEqual([['core'], ['core']]);
  });

  it('reads user@host:port', async () => {
    const [gate, node] = [await sshd(), await sshd()];
    const jump = `ProxyJump core@${gate.host}:${gate.port}`;
    await dial(node, { target, configFile: sshConfig(host('node', node, jump)) });
    expect(gate.logins).toEqual(['core']);
  });

  it('passes a chain in its order', async () => {
    const [outer, inner, node] = [await sshd(), await sshd(), await sshd()];
    const configFile = sshConfig(
      host('outer', outer) + host('inner', inner) + host('node', node, 'ProxyJump outer,inner'),
    );
    await dial(node, { target, configFile });
    expectChain(outer, inner, node);
  });

  it('follows the ProxyJump of a jump host', async () => {
    const [outer, inner, node] = [await sshd(), await sshd(), await sshd()];
    const configFile = sshConfig(
      host('outer', outer) + host('inner', inner, 'ProxyJump outer') + host('node', node, 'ProxyJump inner'),
    );
    await dial(node, { target, configFile });
    expectChain(outer, inner, node);
  });

  it('uses one connection for all nodes, and ends it with the last', async () => {
    const gate = await sshd();
    const nodes = await Promise.all([sshd(), sshd(), sshd()]);
    const names = nodes.map((_, index) => `node${index}`);
    const lines = nodes.map((node, index) => host(names[index] ?? '', node, 'ProxyJump gate')).join('');
    const shared = {
      configFile: sshConfig(host('gate', gate) + lines),
      jumpPool: newJumpPool(),
      limits: createConnectLimits(1),
    };
    const connections = await Promise.all(names.map((name) => dial(gate, { ...shared, target: { host: name } })));
    expect(gate.connections).toBe(1);
    connections[0]?.end();
    connections[1]?.end();
    await connections[1]?.closed;
    expect(gate.open).toBe(1);
    connections[2]?.end();
    await connections[2]?.closed;
    await gate.seenClosed();
    expect(gate.open).toBe(0);
    await dial(gate, { ...shared, target: { host: 'node0' } });
    expect(gate.connections).toBe(2);
  });

  it('loses the nodes with the jump host, and finds a new way', async () => {
    const [gate, node] = [await sshd(), await sshd()];
    const shared = {
      target,
      configFile: sshConfig(host('gate', gate) + host('node', node, 'ProxyJump gate')),
      jumpPool: newJumpPool(),
    };
    const connection = await dial(node, shared);
    gate.dropAll();
    expect(await connection.closed).toMatchObject({ code: 'connection-lost', host: 's4' });
    await dial(node, shared);
    expect(gate.connections).toBe(2);
  });

  it('asks a jump host again that drops us, also where attempts at the node are paced by others', async () => {
    const [gate, node] = [await sshd({ faults: { resetBeforeBanner: 1 } }), await sshd()];
    const configFile = sshConfig(host('gate', gate) + host('node', node, 'ProxyJump gate'));
    await dial(node, { target, configFile, retryDropped: false });
    expect([gate.connections, node.connections]).toEqual([2, 1]);
  });

  it('tells which of the two cannot be reached', async () => {
    const [gate, node] = [await sshd({ forward: 'fail' }), await sshd()];
    const configFile = sshConfig(host('gate', gate) + host('node', node, 'ProxyJump gate'));
    const behind = await failure(dial(node, { target, configFile }));
    expect(behind).toMatchObject({ code: 'unreachable', host: 's4' });
    expect(behind.message).toBe(`127.0.0.1:${node.port} cannot be reached from jump host gate`);

    await gate.close();
    const before = await failure(dial(node, { target, configFile }));
    expect(before).toMatchObject({ code: 'unreachable', host: 's4' });
    expect(before.message).toContain(`127.0.0.1:${gate.port} refuses`);
  });

  it('tells a jump host that does not forward', async () => {
    const [gate, node] = [await sshd({ forward: 'prohibited' }), await sshd()];
    const configFile = sshConfig(host('gate', gate) + host('node', node, 'ProxyJump gate'));
    expect(await failure(dial(node, { target, configFile }))).toMatchObject({ code: 'forward-prohibited' });
    await gate.seenClosed();
    expect(gate.open).toBe(0);
  });

  it('holds the jump host to the same host-key policy', async () => {
    const [gate, node] = [await sshd(), await sshd()];
    const knownHosts = join(scratch(), 'known_hosts');
    writeFileSync(knownHosts, `[127.0.0.1]:${node.port} ${node.hostKeyLines[0]}\n`);
    const configFile = sshConfig(
      `${host('gate', gate)}${host('node', node, 'ProxyJump gate')}Host *\n  UserKnownHostsFile ${knownHosts}\n`,
    );
    const refused = await failure(dial(node, { target, configFile, policy: 'strict' }));
    expect(refused).toMatchObject({ code: 'host-key-refused', exit: 5 });
    expect(refused.message).toContain(`127.0.0.1:${gate.port}`);

    writeFileSync(knownHosts, `[127.0.0.1]:${gate.port} ${gate.hostKeyLines[0]}\n`, { flag: 'a' });
    await dial(node, { target, configFile, policy: 'strict' });
  });

  it('per boot believes known_hosts where it speaks of the jump host, which forgets nothing', async () => {
    const [gate, node] = [await sshd(), await sshd()];
    const knownHosts = join(scratch(), 'known_hosts');
    const configFile = sshConfig(
      `${host('gate', gate)}${host('node', node, 'ProxyJump gate')}Host *\n  UserKnownHostsFile ${knownHosts}\n`,
    );
    writeFileSync(knownHosts, '');
    await dial(node, { target, configFile, policy: 'per-boot' });
    writeFileSync(knownHosts, `[127.0.0.1]:${gate.port} ${node.hostKeyLines[0]}\n`);
    const refused = await failure(dial(node, { target, configFile, policy: 'per-boot' }));
    expect(refused).toMatchObject({ code: 'host-key-refused', exit: 5 });
    // Of the node itself, which makes new keys at every boot, known_hosts is not asked.
    const other = `[127.0.0.1]:${node.port} ${gate.hostKeyLines[0]}\n`;
    writeFileSync(knownHosts, `[127.0.0.1]:${gate.port} ${gate.hostKeyLines[0]}\n${other}`);
    await dial(node, { target, configFile, policy: 'per-boot' });
  });

  it('does not ask pins of the node from the jump host', async () => {
    const [gate, node] = [await sshd(), await sshd()];
    const configFile = sshConfig(host('gate', gate) + host('node', node, 'ProxyJump gate'));
    const { hostKey } = await dial(node, { target, configFile });
    await dial(node, { target, configFile, pins: [hostKey.fingerprint] });
  });

  it('recognises a circle', async () => {
    const [gate, node] = [await sshd(), await sshd()];
    const configFile = sshConfig(host('gate', gate, 'ProxyJump node') + host('node', node, 'ProxyJump gate'));
    expect(await failure(dial(node, { target, configFile }))).toMatchObject({ code: 'proxy-jump-circle', exit: 2 });
    const all = sshConfig(`${host('gate', gate)}${host('node', node)}Host *\n  ProxyJump gate\n`);
    expect(await failure(dial(node, { target, configFile: all }))).toMatchObject({
      code: 'proxy-jump-circle',
      exit: 2,
    });
    expect(gate.connections + node.connections).toBe(0);
  });

  it('stops when the run is aborted, jump host and all', async () => {
    const gate = await sshd({ faults: { holdBanner: new Promise(() => {}) } });
    const node = await sshd();
    const configFile = sshConfig(host('gate', gate) + host('node', node, 'ProxyJump gate'));
    const controller = new AbortController();
    const pending = failure(dial(node, { target, configFile, signal: controller.signal }));
    await gate.seenConnection();
    controller.abort();
    expect(await pending).toMatchObject({ code: 'aborted', exit: 130 });
    await gate.seenClosed();
  });
});

describe('the key of a jump host', () => {
  type Changes = Partial<FakeSshdOptions> & { knownHosts?: string; keys?: Partial<JumpHostKeysOptions> };

  async function scene({ knownHosts = 'none', keys: given = {}, ...options }: Changes = {}) {
    const [gate, node] = [await sshd(options), await sshd()];
    const all = `Host *\n  UserKnownHostsFile ${knownHosts}\n`;
    const configFile = sshConfig(`${host('gate', gate)}${host('node', node, 'ProxyJump gate')}${all}`);
    const believed = given.believed ?? new Map<string, HostKey>();
    const told: string[] = [];
    const keys = { onNew: (message: string) => void told.push(message), ...given, believed };
    const reach = (policy: HostKeyPolicy = 'per-boot') =>
      dial(node, { target, configFile, policy, jumpPool: newJumpPool(keys) });
    const name = `[${gate.host}]:${gate.port}`;
    return { gate, node, reach, believed, told, name, place: `jump host gate (${gate.host}:${gate.port})` };
  }

  const presented = (server: FakeSshd): string => fingerprintOf(server.hostKeyLines[0]);

  it('is believed at first use, told once, and asked for from then on', async () => {
    const { gate, reach, believed, told, name, place } = await scene();
    await reach();
    const key = { type: 'ssh-ed25519', fingerprint: presented(gate) };
    expect([...believed]).toEqual([[name, key]]);
    await reach();
    expect(told).toEqual([`${place} is used for the first time: ssh-ed25519 ${key.fingerprint}`]);
  });

  it('that is another one than at first use is refused before anything goes through it, with what a person can do', async () => {
    const { gate, node, reach, believed, told, name, place } = await scene();
    await reach();
    const before = presented(gate);
    await gate.reboot();
    const [connections, logins] = [node.connections, gate.logins.length];
    const error = await failure(reach());
    expect(error).toMatchObject({ code: 'jump-host-key-changed', exit: 5, host: 's4' });
    expect(error.message).toContain(place);
    for (const fingerprint of [before, presented(gate)]) expect(error.message).toContain(fingerprint);
    expect(error.hint).toContain(
      `add the new one to known_hosts, whose word is final, or remove "${name}" from jump-hosts.json`,
    );
    expect([node.connections, gate.logins.length]).toEqual([connections, logins]);
    expect(believed.get(name)?.fingerprint).toBe(before);
    expect(told).toHaveLength(1);
    believed.delete(name);
    await reach();
    expect(told).toHaveLength(2);
  });

  it('stands in known_hosts: that counts, whatever it was at first use', async () => {
    const knownHosts = join(scratch(), 'known_hosts');
    writeFileSync(knownHosts, '');
    const { gate, reach, believed, told, name } = await scene({ knownHosts });
    await reach();
    await gate.reboot();
    writeFileSync(knownHosts, `${name} ${gate.hostKeyLines[0]}\n`);
    await reach();
    expect(believed.get(name)?.fingerprint).toBe(presented(gate));
    expect(told).toHaveLength(1);
    await gate.reboot();
    expect(await failure(reach())).toMatchObject({ code: 'host-key-refused', exit: 5 });
  });

  it('is of the kind that was believed, where it has several', async () => {
    const [ed25519, rsa] = [newKeyPair(), newKeyPair({ type: 'rsa' })];
    const { reach, believed, name } = await scene({ hostKeys: [ed25519.private, rsa.private] });
    believed.set(name, { type: 'ssh-rsa', fingerprint: fingerprintOf(rsa.public) });
    await reach();
  });

  it('is noted without a word under strict, and not at all where every key is good', async () => {
    const knownHosts = join(scratch(), 'known_hosts');
    const { gate, node, reach, believed, told, name } = await scene({ knownHosts });
    writeFileSync(knownHosts, `${name} ${gate.hostKeyLines[0]}\n127.0.0.1 ${node.hostKeyLines[0]}\n`);
    await reach('insecure');
    expect(believed.size).toBe(0);
    await reach('strict');
    expect([...believed.keys()]).toEqual([name]);
    expect(told).toEqual([]);
  });

  it('of a node that leads to others is another one at each boot', async () => {
    const { gate, reach, believed } = await scene({ keys: { forgets: ({ alias }) => alias === 'gate' } });
    await reach();
    await gate.reboot();
    await reach();
    expect(believed.size).toBe(0);
  });
});
