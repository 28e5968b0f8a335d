import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { isLocked, withLock } from './build-lock.js';

describe('withLock', () => {
  it('lets one in at a time, and everyone in the end', async () => {
    const name = randomUUID();
    const running: number[] = [];
    let waited = 0;
    let inside = 0;
    const work = () =>
      withLock({ name, onWait: () => waited++ }, async () => {
        inside++;
        await new Promise((resolve) => setImmediate(resolve));
        running.push(inside--);
      });
    await Promise.all([work(), work(), work()]);
    expect(running).toEqual([1, 1, 1]);
    expect(waited).toBe(2);
  });

  it('does not let other names wait', async () => {
    const onWait = () => expect.unreachable();
    const inner = () => withLock({ name: randomUUID(), onWait }, async () => 'inner');
    expect(await withLock({ name: randomUUID(), onWait }, inner)).toBe('inner');
  });

  it('is free again when its owner was killed', async () => {
    const name = randomUUID();
    const owner = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', ownerProgram(name)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      await once(owner.stdout, 'data');
      const killOwner = () => owner.kill('SIGKILL');
      expect(await withLock({ name, onWait: killOwner }, async () => 'in')).toBe('in');
      expect(owner.killed).toBe(true);
    } finally {
      owner.kill('SIGKILL');
    }
  });

  it('can be asked whether it is held', async () => {
    const name = randomUUID();
    expect(await isLocked(name)).toBe(false);
    expect(await withLock({ name, onWait: () => expect.unreachable() }, () => isLocked(name))).toBe(true);
    expect(await isLocked(name)).toBe(false);
  });

  it('stops waiting when aborted', async () => {
    const name = randomUUID();
    const abort = new AbortController();
    await withLock({ name, onWait: () => expect.unreachable() }, async () => {
      const second = withLock(
        { name, onWait: () => abort.abort(new Error('enough')), signal: abort.signal },
        async () => expect.unreachable(),
      );
      await expect(second).rejects.toThrow('enough');
    });
  });
});

function ownerProgram(name: string): string {
  const module = JSON.stringify(new URL('./build-lock.ts', import.meta.url).href);
  return `
    const { withLock } = await import(${module});
    await withLock({ name: ${JSON.stringify(name)}, onWait() {} }, async () => {
      console.log('held');
      await new Promise(() => setInterval(() => {}, 60_000));
    });`;
}
