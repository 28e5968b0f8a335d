import { spawn } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { BenchNode } from '../../../../src/bench/measure/bench-node.js';
import { CONNECT_PORT } from '../../../../src/bench/measure/manifests.js';
import { connectTimes } from '../../../../src/bench/measure/network/round-trip.js';
import type { ToolEndpoint } from '../../../../src/bench/measure/network/tool-pods.js';

/* The scripts of both ends, on this machine. */

/** A local shell as the node's SSH session; what would enter a pod's network namespace stays where it is. */
function here(): ToolEndpoint {
  const start = (command: string) =>
    spawn('bash', ['-c', command.replace(/nsenter -t \S+ -n /, '')], { stdio: ['pipe', 'pipe', 'ignore'] });
  const session = {
    exec: async (command: string, { input = '' }: { input?: string }) => {
      const child = start(command);
      child.stdin.end(input);
      let stdout = '';
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
        stdout += chunk;
      });
      const exitCode = await new Promise<number | null>((resolve) => child.on('close', resolve));
      return { stdout, stderr: '', exitCode };
    },
    connection: async () => ({
      open: async (command: string) => {
        const { stdin, stdout } = start(command);
        return { stdin, stdout, result: new Promise<void>((resolve) => stdout.on('close', () => resolve())) };
      },
    }),
  };
  return { node: { name: 's4', session } as unknown as BenchNode, address: '127.0.0.1', containerId: '', pid: 1 };
}

describe('connectTimes', () => {
  it('times each handshake with a listener of its own', async () => {
    const result = await measure(CONNECT_PORT);
    expect(result).toMatchObject({ kind: 'round-trip', method: 'tcp-connect', sent: 20 });
    if (result.kind !== 'round-trip') return;
    expect(result.samplesMs).toHaveLength(20);
    expect(result.samplesMs.every((time) => time > 0)).toBe(true);
  });

  it('says so when nothing answers', async () => {
    expect(await measure(CONNECT_PORT + 1)).toMatchObject({ kind: 'failed' });
  });
});

function measure(port: number) {
  const end = here();
  const { signal } = new AbortController();
  return connectTimes({ client: end, server: end, address: '127.0.0.1', port, count: 20, intervalMs: 1, signal });
}
