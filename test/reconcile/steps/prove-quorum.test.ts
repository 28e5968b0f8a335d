import { describe, expect, it } from 'vitest';
import { NodeSession } from '../../../src/cluster/node-session.js';
import type { EtcdOrders } from '../../../src/plan/etcd-order-types.js';
import type { Judged } from '../../../src/reconcile/context.js';
import { createEtcdClaims } from '../../../src/reconcile/etcd-claims.js';
import { proveQuorum } from '../../../src/reconcile/steps/record.js';
import type { Connection } from '../../../src/ssh/transport.js';
import type { ClusterRecord } from '../../../src/state/records.js';
import { FakeEtcd, FakeEtcdCluster } from '../../helpers/fake-etcd.js';
import { OPERATOR, sampleSpec } from '../../helpers/sample-facts.js';
import { sampleOrders } from '../../helpers/sample-orders.js';
import { virtualClock } from '../../helpers/virtual-clock.js';

const spec = sampleSpec();
const TRIO = ['s4', 's5', 's6'];

/** A cluster that was bootstrapped on s4, s5 and s6. */
function runWith(etcd: FakeEtcd, orders: EtcdOrders, phase: 'bootstrapping' | 'bootstrapped' = 'bootstrapped') {
  const record: ClusterRecord = {
    clusterId: 'c',
    operator: OPERATOR,
    spec,
    etcd: { incarnation: 2, phase, token: 't', members: ['s4', 's5', 's6'], bootIds: {} },
  };
  const saved: ClusterRecord[] = [];
  const evidence: string[] = [];
  const clock = virtualClock();
  const { signal } = new AbortController();
  const connection = {
    closed: new Promise<undefined>(() => {}),
    exec: async () => ({ exitCode: 0, signal: null, stdout: 'raft: lost the leader\n', stderr: '' }),
  } as unknown as Connection;
  let clears = 0;
  const sessions = ['s4', 's5', 's6'].map((name): [string, NodeSession] => [
    name,
    new NodeSession({ name, open: async () => connection, signal }),
  ]);
  const context = {
    signal,
    claims: createEtcdClaims(),
    memory: { record },
    judgement: { record, orders },
    cluster: new FakeEtcdCluster(etcd, new Map(sessions)),
    rejoin: {
      clear: async () => {
        clears += 1;
      },
    },
    options: {
      clock,
      readyTimeoutMs: 180_000,
      state: {
        readUsers: async () => ({ users: [] }),
        saveCluster: async (next: ClusterRecord) => void saved.push(next),
        saveEvidence: async (name: string) => {
          evidence.push(name);
          return `/runs/1/${name}`;
        },
      },
    },
  } as unknown as Judged;
  const place = { node: '', step: 'quorum', signal, failed: new Set<string>() };
  return { context, saved, evidence, clock, clears: () => clears, prove: () => proveQuorum(context, place) };
}

const trio = (): FakeEtcd => new FakeEtcd({ s4: '10.0.0.4', s5: '10.0.0.5', s6: '10.0.0.6' });

describe('proveQuorum', () => {
  it('records a bootstrap as finished only after a linearizable read through one of its members', async () => {
    const etcd = trio();
    const orders = sampleOrders({ code: 'bootstrap', quorum: { state: 'made', through: TRIO } });
    const run = runWith(etcd, orders, 'bootstrapping');
    expect(await run.prove()).toBe('changed');
    expect(etcd.asked).toContain('read s4');
    expect(run.saved.map((record) => record.etcd.phase)).toEqual(['bootstrapped']);
    expect(run.context.memory.record?.etcd.phase).toBe('bootstrapped');
  });

  it('records nothing while no member answers, and says how to begin again', async () => {
    const etcd = trio();
    etcd.alive.clear();
    const orders = sampleOrders({ code: 'resume-bootstrap', quorum: { state: 'made', through: TRIO } });
    const run = runWith(etcd, orders, 'bootstrapping');
    await expect(run.prove()).rejects.toMatchObject({
      code: 'etcd-no-answer',
      exit: 4,
      hint: expect.stringContaining('reboot s4, s5, s6'),
    });
    expect(run.saved).toEqual([]);
  });

  it('records a restored life as begun only when it is cleared and kept: each phase on its way is no such record', async () => {
    const orders = sampleOrders({ code: 'bootstrap', quorum: { state: 'made', through: TRIO } });
    const seen = (record: ClusterRecord) => `${record.etcd.phase} ${record.etcd.origin?.phase}`;
    const restored = (keep: () => Promise<unknown>) => {
      const run = runWith(trio(), orders, 'bootstrapping');
      const { judgement, options } = run.context;
      judgement.record.etcd.origin = { snapshot: '1-7', phase: 'restoring' };
      Object.assign(options, { backups: { keep, replay: async () => undefined } });
      Object.assign(run.context, { bus: { emit: () => {} } });
      return run;
    };
    const fails = restored(() => Promise.reject(new Error('no space is left')));
    await expect(fails.prove()).rejects.toThrow('no space is left');
    expect(fails.saved.map(seen)).toEqual(['bootstrapping restored', 'bootstrapping replayed']);
    const works = restored(async () => ({ snapshot: { id: '2-9' } }));
    expect(await works.prove()).toBe('changed');
    expect(works.saved.map(seen)).toEqual([
      'bootstrapping restored',
      'bootstrapping replayed',
      'bootstrapping kept',
      'bootstrapped kept',
    ]);
  });

  it('asks the members there are, not those there were at the bootstrap', async () => {
    const etcd = new FakeEtcd({ s7: '10.0.0.7', s8: '10.0.0.8', s9: '10.0.0.9' });
    const run = runWith(etcd, sampleOrders({ quorum: { state: 'works', through: ['s7', 's8', 's9'] } }));
    expect(await run.prove()).toBe('unchanged');
    expect(etcd.asked.toSorted()).toEqual(['read s7', 'read s8', 'read s9']);
    expect(run.clears()).toBe(0);
  });

  it('waits out the election after a member was restarted', async () => {
    const etcd = trio();
    for (let attempt = 0; attempt < 6; attempt++) etcd.failNext('read', 'etcd-no-leader');
    const run = runWith(etcd, sampleOrders({ quorum: { state: 'works', through: TRIO } }));
    expect(await run.prove()).toBe('unchanged');
    expect(run.clock.waitedMs()).toBeGreaterThan(0);
  });

  it('has the entries of lost members removed when nobody rejoins who would do it', async () => {
    const run = runWith(
      trio(),
      sampleOrders({
        cluster: [{ do: 'remove-entry', member: 's6', id: '6' }],
        quorum: { state: 'works', through: ['s4', 's5'] },
      }),
    );
    expect(await run.prove()).toBe('changed');
    expect(run.clears()).toBe(1);
  });
});

describe('members that were brought up to see whether they make a quorum', () => {
  const revive = sampleOrders({ code: 'revive', quorum: { state: 'awaited', through: ['s4', 's5'] } });

  it('make one after a while', async () => {
    const etcd = trio();
    etcd.alive.clear();
    const run = runWith(etcd, revive);
    const { sleep } = run.clock;
    run.clock.sleep = async (ms, signal) => {
      await sleep(ms, signal);
      if (run.clock.waitedMs() >= 5_000) for (const name of ['s4', 's5']) etcd.alive.add(name);
    };
    expect(await run.prove()).toBe('unchanged');
  });

  it('make none at other addresses than the others know, which are named', async () => {
    const etcd = trio();
    etcd.alive.clear();
    const moved = ['s4 (https://10.0.0.9:2380)'];
    const run = runWith(etcd, { ...revive, quorum: { ...revive.quorum, moved } });
    const hint = expect.stringMatching(
      /^give them the addresses back that the others know: s4 \(https:\/\/10.0.0.9:2380\); /,
    );
    await expect(run.prove()).rejects.toMatchObject({ code: 'etcd-no-quorum', hint });
  });

  it('make none: their logs are kept, and where to look is said', async () => {
    const etcd = trio();
    etcd.alive.clear();
    const run = runWith(etcd, revive);
    await expect(run.prove()).rejects.toMatchObject({
      code: 'etcd-no-quorum',
      exit: 4,
      message: expect.stringContaining('s4, s5'),
      hint: expect.stringMatching(/runs\/1\/s4-etcd.service.log.*reboot s4, s5/),
      detail: 'raft: lost the leader',
    });
    expect(run.evidence).toEqual(['s4-etcd.service.log', 's5-etcd.service.log']);
    expect(run.clock.waitedMs()).toBeGreaterThanOrEqual(30_000);
  });
});
