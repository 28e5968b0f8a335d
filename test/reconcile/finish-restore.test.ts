import { describe, expect, it } from 'vitest';
import { DisklessError, refusal } from '../../src/errors.js';
import type { Run } from '../../src/reconcile/context.js';
import { finishRestore } from '../../src/reconcile/finish-restore.js';
import type { ClusterRecord, RestorePhase } from '../../src/state/records.js';
import { virtualClock } from '../helpers/virtual-clock.js';

/** What was done, in its order; the first act that begins with `fails` does so for ever, or with each of these once. */
function runFrom(phase: RestorePhase | undefined, fails?: string, passing?: DisklessError[]) {
  const done: string[] = [];
  const act = async (what: string): Promise<void> => {
    const isMet = fails !== undefined && what.startsWith(fails);
    const failure = isMet && (passing ? passing.shift() : new Error(what));
    if (failure) throw failure;
    done.push(what);
  };
  const etcd = {
    disarmNoSpace: () => act('disarm'),
    deletePrefix: (prefix: string) => act(`delete ${prefix}`),
  };
  const { signal } = new AbortController();
  const context = {
    signal,
    bus: { emit: () => {} },
    cluster: { quorumThrough: async () => etcd },
    options: {
      clock: virtualClock(),
      readyTimeoutMs: 180_000,
      state: { readUsers: async () => ({ users: [{ namespace: 'kim' }] }) },
      backups: {
        replay: async ({ record }: { record: ClusterRecord }) => {
          await act(`replay ${record.etcd.origin?.snapshot}`);
          return { upTo: new Date(0), written: 2, deleted: 1, orphans: 0 };
        },
        keep: async ({ record }: { record: ClusterRecord }) => {
          await act(`keep ${record.etcd.incarnation} ${record.etcd.origin?.phase}`);
          return { snapshot: { id: '3-9' } };
        },
      },
    },
  } as unknown as Run;
  const origin = phase && { origin: { snapshot: '2-7', phase } };
  const record = { etcd: { incarnation: 3, phase: 'bootstrapping', ...origin } } as unknown as ClusterRecord;
  const save = (saved: ClusterRecord) => act(`save ${saved.etcd.phase} ${saved.etcd.origin?.phase}`);
  return { done, finished: finishRestore(context, signal, { record, through: ['s4'], save }) };
}

const CLEARED = [
  'disarm',
  'delete /registry/masterleases/',
  'delete /registry/leases/kube-system/apiserver-',
  'delete /registry/leases/kube-system/kube-controller-manager',
  'delete /registry/leases/kube-system/kube-scheduler',
];

const REPLAYED = ['replay 2-7', 'delete /registry/rolebindings/kim/k8s-diskless-user', 'save bootstrapping replayed'];
const KEPT = ['keep 3 replayed', 'save bootstrapping kept'];

describe('finishRestore', () => {
  it('clears what must not return, brings it up to where the log ends, keeps a snapshot of the new life, and records each when it is done', async () => {
    const { done, finished } = runFrom('restoring');
    expect((await finished).etcd).toMatchObject({ phase: 'bootstrapping', origin: { snapshot: '2-7', phase: 'kept' } });
    expect(done).toEqual([...CLEARED, 'save bootstrapping restored', ...REPLAYED, ...KEPT]);
  });

  it('goes on where it was', async () => {
    const { done, finished } = runFrom('restored');
    await finished;
    expect(done).toEqual([...REPLAYED, ...KEPT]);
    const replayed = runFrom('replayed');
    await replayed.finished;
    expect(replayed.done).toEqual(KEPT);
    const last = runFrom('kept');
    await last.finished;
    expect(last.done).toEqual([]);
  });

  it('records nothing that was not done', async () => {
    const cleared = runFrom('restoring', 'delete /registry/leases');
    await expect(cleared.finished).rejects.toThrow();
    expect(cleared.done.filter((what) => what.startsWith('save'))).toEqual([]);
    const kept = runFrom('restoring', 'keep');
    await expect(kept.finished).rejects.toThrow();
    expect(kept.done.at(-1)).toBe('save bootstrapping replayed');
    const cut = runFrom('restoring', 'replay');
    await expect(cut.finished).rejects.toThrow();
    expect(cut.done.at(-1)).toBe('save bootstrapping restored');
  });

  it('waits for who takes a snapshot by hand, and for an etcd whose leader changes', async () => {
    const locked = refusal({ code: 'locked', message: 'another run holds the lock' });
    const beside = runFrom('restored', 'keep', [locked, locked]);
    expect((await beside.finished).etcd.origin?.phase).toBe('kept');
    const leaderless = new DisklessError({ code: 'etcd-no-leader', message: 'no leader' });
    const changing = runFrom('restoring', 'delete /registry/leases/kube-system/kube-scheduler', [leaderless]);
    expect((await changing.finished).etcd.origin?.phase).toBe('kept');
  });

  it('has nothing to do for a life that began empty', async () => {
    const { done, finished } = runFrom(undefined);
    await finished;
    expect(done).toEqual([]);
  });
});
