import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CONNECT_PORT } from '../../../../src/bench/measure/manifests.js';
import { connectTimes } from '../../../../src/bench/measure/network/round-trip.js';
import { type LocalShellOptions, localShell } from '../../../helpers/local-shell.js';

/* The scripts of both ends, in shells of this machine. */

describe('connectTimes', () => {
  it('times each handshake with a listener of its own', async () => {
    const result = await measure();
    expect(result).toMatchObject({ kind: 'round-trip', method: 'tcp-connect', sent: 20 });
    if (result.kind !== 'round-trip') return;
    expect(result.samplesMs).toHaveLength(20);
    expect(result.samplesMs.every((time) => time > 0)).toBe(true);
  });

  it('says so when nothing answers', async () => {
    expect(await measure({ port: CONNECT_PORT + 1 })).toMatchObject({ kind: 'failed' });
  });

  it('says so when the port is taken', async () => {
    const server = createServer().listen(CONNECT_PORT, '0.0.0.0');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    await expect(measure()).rejects.toMatchObject({
      code: 'round-trip-failed',
      message: `nothing listens on port ${CONNECT_PORT}`,
      detail: expect.stringContaining('already in use'),
    });
  });

  it('says so when there is no systemd-socket-activate', async () => {
    const server = { rewrite: (text: string) => text.replaceAll('systemd-socket-activate', 'no-such-program') };
    await expect(measure({ server })).rejects.toMatchObject({
      code: 'round-trip-failed',
      detail: expect.stringContaining('not found'),
    });
  });

  it('times nothing by a clock that was set', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'round-trip-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    const uptime = join(directory, 'uptime');
    await writeFile(uptime, '100.00 0.00\n');
    // It stands still meanwhile: 20 handshakes take more than the tolerance.
    const client = { rewrite: (text: string) => text.replaceAll('/proc/uptime', uptime) };
    await expect(measure({ client, intervalMs: 5 })).rejects.toMatchObject({ code: 'clock-set', host: 's4' });
  });
});

interface MeasureOptions {
  port?: number;
  intervalMs?: number;
  client?: LocalShellOptions;
  server?: LocalShellOptions;
}

function measure({ port = CONNECT_PORT, intervalMs = 1, client, server }: MeasureOptions = {}) {
  const ends = { client: localShell(client), server: localShell(server) };
  const { signal } = new AbortController();
  return connectTimes({ ...ends, address: '127.0.0.1', port, count: 20, intervalMs, signal });
}
