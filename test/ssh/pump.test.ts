import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { pump } from '../../src/ssh/pump.js';
import { type ExecHandler, realShell } from '../helpers/fake-sshd-exec.js';
import { dial, failure, scratch, sshd } from './harness.js';

const label = 'receive';

/** Never reads its input, so that the window runs full and stays so. */
const deaf: ExecHandler = ({ closed }) =>
  new Promise((resolve) => closed.addEventListener('abort', () => resolve('no-status'), { once: true }));

async function* blocks(count: number, size: number): AsyncGenerator<Buffer> {
  for (let index = 0; index < count; index++) yield Buffer.alloc(size, index);
}

describe('pump', () => {
  it('sends a file to the last byte and counts on the way', async () => {
    const path = join(scratch(), 'file');
    const content = randomBytes(9_000_001);
    writeFileSync(path, content);
    const connection = await dial(await sshd({ exec: realShell() }));
    const process = await connection.open('sha256sum', { label });
    const progress: number[] = [];
    const bytes = await pump(createReadStream(path), process, { onProgress: (sent) => progress.push(sent) });
    expect(bytes).toBe(content.length);
    expect(progress.at(-1)).toBe(content.length);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    expect(await text(process.stdout)).toContain(createHash('sha256').update(content).digest('hex'));
    expect((await process.result).exitCode).toBe(0);
  });

  it('does not run ahead of a receiver that takes its time', async () => {
    let made = 0;
    async function* source(): AsyncGenerator<Buffer> {
      for (; made < 1000; made++) yield Buffer.alloc(1024 * 1024);
    }
    const connection = await dial(await sshd({ exec: deaf }));
    const process = await connection.open('x', { label });
    const error = await failure(pump(source(), process, { stallTimeoutMs: 200 }));
    expect(error).toMatchObject({ code: 'stalled' });
    // What the window holds (2 MiB), and the chunk at hand.
    expect(made).toBeLessThanOrEqual(4);
  });

  it('tells a stalled link, and leaves the connection to its caller', async () => {
    const server = await sshd({ exec: realShell(), faults: { stallAfterBytes: 3_000_000 } });
    const connection = await dial(server);
    const process = await connection.open('cat >/dev/null', { label });
    const error = await failure(pump(blocks(100, 1024 * 1024), process, { stallTimeoutMs: 200 }));
    expect(error).toMatchObject({ code: 'stalled', message: expect.stringContaining('0.2 s') });
    connection.end();
    expect(await failure(process.result)).toMatchObject({ code: 'connection-closed' });
  });

  it('does not take a slow source for a stalled link', async () => {
    async function* slow(): AsyncGenerator<Buffer> {
      for (const word of ['a', 'b', 'c']) {
        await new Promise((resolve) => setTimeout(resolve, 400));
        yield Buffer.from(word);
      }
    }
    const connection = await dial(await sshd({ exec: realShell() }));
    const process = await connection.open('cat', { label });
    expect(await pump(slow(), process, { stallTimeoutMs: 300 })).toBe(3);
    expect(await text(process.stdout)).toBe('abc');
  });

  it('tells the exit code of a receiver that gave up', async () => {
    const connection = await dial(await sshd({ exec: realShell() }));
    const process = await connection.open('head -c 100000 >/dev/null; echo full >&2; exit 28', { label });
    const error = await failure(pump(blocks(100, 1024 * 1024), process));
    expect(error).toMatchObject({ code: 'process-ended', host: 's4', detail: 'full' });
    expect(error.message).toContain('exit code 28');
  });

  it('tells the loss of the connection as such', async () => {
    const server = await sshd({ exec: realShell(), faults: { dropAfterBytes: 3_000_000 } });
    const connection = await dial(server);
    const process = await connection.open('cat >/dev/null', { label });
    expect(await failure(pump(blocks(100, 1024 * 1024), process))).toMatchObject({ code: 'connection-lost' });
  });

  it('tells a refused root as such', async () => {
    const server = await sshd({ exec: realShell({ env: { PATH: '/nonexistent' } }) });
    const connection = await dial(server);
    const process = await connection.open('cat', { label, root: true });
    expect(await failure(pump(blocks(100, 1024 * 1024), process))).toMatchObject({ code: 'sudo-missing' });
  });

  it('stops by its signal and closes the process', async () => {
    const connection = await dial(await sshd({ exec: deaf }));
    const process = await connection.open('x', { label });
    const controller = new AbortController();
    const onProgress = (bytes: number) => bytes > 1_000_000 && controller.abort();
    const error = await failure(pump(blocks(100, 1024 * 1024), process, { signal: controller.signal, onProgress }));
    expect(error).toMatchObject({ code: 'aborted', exit: 130 });
    expect(await process.result).toMatchObject({ exitCode: null });
  });

  it('passes on the failure of the source and closes the process', async () => {
    async function* broken(): AsyncGenerator<Buffer> {
      yield Buffer.from('x');
      throw new Error('disk on fire');
    }
    const connection = await dial(await sshd({ exec: deaf }));
    const process = await connection.open('x', { label });
    expect((await failure(pump(broken(), process))).message).toBe('disk on fire');
    expect(await process.result).toMatchObject({ exitCode: null });
  });
});
