import { describe, expect, it } from 'vitest';
import type { AtWork } from '../../../src/reconcile/context.js';
import { waitForPods, waitReady } from '../../../src/reconcile/steps/wait-ready.js';
import type { StepPlace } from '../../../src/runner/sequence.js';
import { clusterOf, type FakeConnection, fakeConnection, sessionOver } from '../../cluster/fake-session.js';
import { sampleNode, sampleSpec } from '../../helpers/sample-facts.js';

/** Either step. */
type Waiting = (context: AtWork & Parameters<typeof waitForPods>[0], at: StepPlace) => Promise<unknown>;

/** A node of these connections, whose readiness is for the test to tell. */
async function waiting(links: FakeConnection[], step: Waiting = waitReady, well = ['s4']) {
  const stop = new AbortController();
  const { signal } = stop;
  const session = sessionOver('s5', links, signal);
  await session.connection();
  session.pinEpoch({ bootId: 'one' });
  let tell = (_pending: string | undefined): void => {};
  const ready = new Promise<string | undefined>((resolve) => {
    tell = resolve;
  });
  const sleep = async (_ms: number, abort: AbortSignal): Promise<void> => abort.throwIfAborted();
  const context = {
    signal,
    cluster: clusterOf([session]),
    healthy: new Map(well.map((name) => [name, 'well'])),
    readiness: { wait: () => ready, waitForPods: () => ready, kubeletVersion: () => 'v1.37.2' },
    work: { difference: { units: [] } },
    options: {
      spec: sampleSpec({ nodes: [sampleNode(), sampleNode({ name: 's5' })] }),
      readyTimeoutMs: 90_000,
      clock: { sleep },
      state: { saveEvidence: async () => '/runs/1/log' },
    },
  } as unknown as Parameters<Waiting>[0];
  return { tell, stop, done: step(context, { node: 's5', step: 'ready', signal, failed: new Set() }) };
}

const inBoot = (bootId: string): FakeConnection =>
  fakeConnection(({ command }) => ({ stdout: command.includes('boot_id') ? bootId : 'its log' }));

it('ends at once when the node is found in its next boot', async () => {
  const link = inBoot('one');
  const { done } = await waiting([link, inBoot('two')]);
  link.lose();
  await expect(done).rejects.toMatchObject({ code: 'rebooted', host: 's5' });
});

it('is done when the node is Ready, whatever becomes of its connection', async () => {
  const link = inBoot('one');
  const { done, tell } = await waiting([link]);
  tell(undefined);
  expect(await done).toEqual({ outcome: 'unchanged', gives: { kubeletVersion: 'v1.37.2' } });
  link.lose();
});

it.each([waitReady, waitForPods])('$name ends at once when it is to end, though its connection lives', async (step) => {
  const { done, stop } = await waiting([inBoot('one')], step);
  stop.abort(new Error('cut off'));
  await expect(done).rejects.toThrow('cut off');
});

it('fails with the kubelet log when its time is up', async () => {
  const { done, tell } = await waiting([inBoot('one')]);
  tell('cni is missing');
  await expect(done).rejects.toMatchObject({ code: 'node-not-ready', detail: 'its log' });
});

describe('pods', () => {
  it('are waited for until the taint is gone', async () => {
    const { done, tell } = await waiting([inBoot('one')], waitForPods);
    tell(undefined);
    expect(await done).toBe('unchanged');
  });

  it('are what the node fails to take when time is up', async () => {
    const { done, tell } = await waiting([inBoot('one')], waitForPods);
    tell('it still bears the taint x');
    await expect(done).rejects.toMatchObject({
      code: 'node-takes-no-pods',
      message: expect.stringContaining('it still bears the taint x'),
    });
  });

  it('are not waited for where no controller will take the taint off, nor in the next boot', async () => {
    const without = await waiting([inBoot('one')], waitForPods, ['s9']);
    await expect(without.done).rejects.toMatchObject({ code: 'dependency-failed' });
    const link = inBoot('one');
    const { done } = await waiting([link, inBoot('two')], waitForPods);
    link.lose();
    await expect(done).rejects.toMatchObject({ code: 'rebooted' });
  });
});
