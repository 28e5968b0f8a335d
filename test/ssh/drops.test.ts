import { describe, expect, it } from 'vitest';
import { createConnectLimits } from '../../src/ssh/connect.js';
import { pump } from '../../src/ssh/pump.js';
import type { FakeSshd } from '../helpers/fake-sshd.js';
import { realShell } from '../helpers/fake-sshd-exec.js';
import { dial, newJumpPool, sshConfig, sshd } from './harness.js';

/** Everything a connection is used for, all at once. */
async function useIt(server: FakeSshd, options: Parameters<typeof dial>[1]): Promise<unknown[]> {
  const connection = await dial(server, options);
  const process = await connection.open('cat', { label: 'cat' });
  process.stdout.resume();
  const source = (async function* () {
    for (let index = 0; index < 4; index++) yield Buffer.alloc(16 * 1024, index);
  })();
  const outcomes = await Promise.allSettled([
    pump(source, process),
    process.result,
    connection.exec('echo hello; cat', { label: 'echo', input: 'x'.repeat(20_000) }),
    connection.forward(server.host, server.port).then((stream) => stream.destroy()),
  ]);
  connection.end();
  return outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
}

/** What a cut line may be called, at whichever byte it was cut. */
const NAMES = new Set([
  'reset-before-banner',
  'handshake-failed',
  'connection-lost',
  'connection-closed',
  'process-ended',
]);

async function outcomeOf(server: FakeSshd, options: Parameters<typeof dial>[1]): Promise<string[]> {
  const reasons = await useIt(server, options).catch((error) => [error]);
  return reasons.map((reason) => reason.code ?? String(reason.stack));
}

describe('a line cut at any byte', () => {
  // Key exchange ends near 1400 bytes, authentication near 2500, the rest is use.
  const cuts = [
    0, 40, 600, 1300, 1500, 1800, 2100, 2400, 2600, 3000, 3300, 3500, 3700, 4500, 6000, 20_000, 60_000, 90_000,
  ];

  it('fails by name, and nothing is left hanging or thrown', async () => {
    const configFile = sshConfig();
    const server = await sshd({ exec: realShell() });
    const seen = new Set<string>();
    for (const dropAfterBytes of cuts) {
      server.faults = { dropAfterBytes };
      for (const code of await outcomeOf(server, { configFile })) seen.add(code);
    }
    expect([...seen].filter((code) => !NAMES.has(code))).toEqual([]);
    expect(seen).toContain('connection-lost');
    await server.seenClosed();
    server.faults = {};
    expect(await outcomeOf(server, { configFile })).toEqual([]);
  });

  it('fails by name behind a jump host too', async () => {
    const [gate, node] = [await sshd(), await sshd({ exec: realShell() })];
    const configFile = sshConfig(
      `Host gate\n  HostName ${gate.host}\n  Port ${gate.port}\n  User core\nHost node\n  HostName ${node.host}\n  Port ${node.port}\n  User core\n  ProxyJump gate\n`,
    );
    const shared = { configFile, target: { host: 'node' }, limits: createConnectLimits() };
    const seen = new Set<string>();
    for (const dropAfterBytes of cuts) {
      gate.faults = { dropAfterBytes };
      for (const code of await outcomeOf(node, { ...shared, jumpPool: newJumpPool() })) seen.add(code);
    }
    expect([...seen].filter((code) => !NAMES.has(code))).toEqual([]);
    await gate.seenClosed();
    await node.seenClosed();
  });
});
