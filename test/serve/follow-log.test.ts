import { beforeEach, expect, it, vi } from 'vitest';
import { followChanges } from '../../src/changelog/follow.js';
import { recordedCluster } from '../../src/cluster/recorded-cluster.js';
import { DisklessError } from '../../src/errors.js';
import { type FollowLogOptions, followLog } from '../../src/serve/follow-log.js';
import { stateDirAt } from '../../src/state/state-dir.js';
import { sampleSpec } from '../helpers/sample-facts.js';

vi.mock('../../src/changelog/follow.js');
vi.mock('../../src/cluster/recorded-cluster.js');

const { signal } = new AbortController();
const locked = new DisklessError({ code: 'locked', message: 'another one follows' });

beforeEach(() => {
  const etcd = { incarnation: 1, phase: 'bootstrapped' };
  const record = { clusterId: 'c1', spec: sampleSpec(), etcd };
  vi.mocked(recordedCluster).mockResolvedValue({ record } as unknown as Awaited<ReturnType<typeof recordedCluster>>);
});

function options(changes: Partial<FollowLogOptions>): FollowLogOptions {
  const given = { state: stateDirAt('/nowhere'), onStatus() {}, tell() {}, signal, ...changes };
  return given as unknown as FollowLogOptions;
}

it('does not say that all is on the disk while nothing is followed', async () => {
  await expect(followLog(options({})).flush(signal)).rejects.toMatchObject({ code: 'log-ended' });
});

it('has one who waits for another life at a time, however often it begins anew', async () => {
  vi.mocked(followChanges).mockImplementation(() => ({ ended: Promise.reject(locked), flush: async () => {} }));
  let waiting = 0;
  const seen: number[] = [];
  const heard = (own: AbortSignal): Promise<void> => {
    waiting += 1;
    return new Promise((_, reject) => {
      own.addEventListener('abort', () => {
        waiting -= 1;
        reject(own.reason);
      });
    });
  };
  const over = new Error('over');
  const sleep = async (): Promise<void> => {
    seen.push(waiting);
    if (seen.length === 5) throw over;
  };
  const clock = { monotonicMs: () => 0, sleep } as unknown as FollowLogOptions['clock'];
  const log = followLog(options({ bell: { ring() {}, heard }, clock }));
  await expect(log.run()).rejects.toBe(over);
  expect(Math.max(...seen)).toBeLessThanOrEqual(1);
  expect(waiting).toBe(0);
});
