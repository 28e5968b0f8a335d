import { describe, expect, it } from 'vitest';
import type { UpgradeStage } from '../../../src/config/upgrade-stages.js';
import type { DesiredUnit, Disruption } from '../../../src/node/desired.js';
import type { UnitAction } from '../../../src/plan/diff.js';
import type { QuorumOrder } from '../../../src/plan/etcd-order-types.js';
import type { AtWork } from '../../../src/reconcile/context.js';
import { startComponents } from '../../../src/reconcile/steps/start-units.js';
import { createEventBus } from '../../../src/runner/event-bus.js';
import { createRollingLock } from '../../../src/runner/rolling-lock.js';
import { type Answer, clusterOf, fakeConnection, sessionOver, type Told } from '../../cluster/fake-session.js';
import { sampleFacts } from '../../helpers/sample-facts.js';
import { sampleOrders } from '../../helpers/sample-orders.js';

const NAMES = ['s4', 's5', 's6'];
const UPGRADE = { from: { kubernetes: '1.36.5' }, to: { kubernetes: '1.37.2' } };

function action(component: UnitAction['component'], disruption: Disruption, verb: UnitAction['action']): UnitAction {
  const unit = { name: `${component}.service`, inputs: [], disruption } as DesiredUnit;
  return { component, unit, action: verb, fingerprint: 'f', why: 'its configuration changed' };
}

interface Scenario {
  /** Whether a quorum works, is awaited, or made. */
  quorum?: QuorumOrder['state'];
  actions: UnitAction[];
  answer?: (node: string) => Answer;
  /** Whether the member of that node answers again. */
  healthy?: (node: string) => Promise<unknown>;
  /** Whose member leads. */
  leads?: string;
  /** Where an upgrade to another minor is. */
  stage?: UpgradeStage;
  /** Whose step it is; default: that of all that is to be done. */
  component?: UnitAction['component'];
}

/** Three control planes with the same to do. */
function runWith(scenario: Scenario) {
  const { quorum = 'works', actions, answer, healthy = async () => undefined, leads, stage, component } = scenario;
  const { signal } = new AbortController();
  const log: string[] = [];
  const scripts: Told[] = [];
  const sessions = NAMES.map((name) => {
    const link = fakeConnection((told) => {
      log.push(`${name}: ${told.label}`);
      scripts.push(told);
      return answer?.(name)(told) ?? {};
    });
    return sessionOver(name, [link], signal);
  });
  const work = { facts: sampleFacts(), difference: { units: actions }, arrivals: { of: async () => {} } };
  const context = {
    signal,
    bus: createEventBus({ sinks: [], monotonicMs: () => 0, wallClock: () => new Date(0) }),
    rolling: createRollingLock({ brokenError: () => new Error('another one did not become healthy') }),
    cluster: clusterOf(sessions, {
      etcdOf: async (node: string) => ({
        status: async () => ({ header: { memberId: node }, leader: leads }),
        memberList: async () => NAMES.map((name) => ({ id: name, name, isLearner: false })),
        moveLeader: async (to: string) => void log.push(`${node}: ${to} leads`),
        linearizableRead: async () => {
          await healthy(node);
          log.push(`${node}: healthy`);
        },
      }),
    }),
    memory: { tally: new Map(), ...(stage && { record: { upgrade: { ...UPGRADE, stage } } }) },
    judgement: { orders: sampleOrders({ quorum: { state: quorum, through: NAMES } }) },
    work,
    options: {
      // Nothing takes long here.
      clock: { sleep: () => new Promise(() => {}), monotonicMs: () => 0 },
      state: { saveEvidence: async (name: string) => `/runs/1/${name}` },
    },
  } as unknown as AtWork;
  const components = component ? [component] : [...new Set(actions.map((each) => each.component))];
  const start = startComponents(...components);
  const place = (node: string) => ({ node, step: 'start', signal, failed: new Set<string>() });
  return { log, scripts, all: () => Promise.allSettled(NAMES.map((node) => start(context, place(node)))) };
}

const outcomes = (settled: PromiseSettledResult<unknown>[]): unknown[] =>
  settled.map((one) => (one.status === 'fulfilled' ? one.value : (one.reason as Error).message));

describe('startComponents', () => {
  it('does nothing where nothing differs', async () => {
    const { log, all } = runWith({ actions: [] });
    expect(outcomes(await all())).toEqual(['unchanged', 'unchanged', 'unchanged']);
    expect(log).toEqual([]);
  });

  it('restarts etcd of a live cluster one after the other, each healthy before the next', async () => {
    const { log, all } = runWith({ actions: [action('etcd', 'etcd', 'restart')] });
    expect(outcomes(await all())).toEqual(['changed', 'changed', 'changed']);
    expect(log).toEqual(NAMES.flatMap((name) => [`${name}: restart etcd.service`, `${name}: healthy`]));
  });

  it('lets another member lead before the one that does is restarted', async () => {
    const { log, all } = runWith({ actions: [action('etcd', 'etcd', 'restart')], leads: 's5' });
    await all();
    const restarted = (name: string) => [`${name}: restart etcd.service`, `${name}: healthy`];
    expect(log).toEqual([...restarted('s4'), 's5: s4 leads', ...restarted('s5'), ...restarted('s6')]);
  });

  const BOTH = [action('kubelet', 'none', 'restart'), action('kube-proxy', 'none', 'restart')];

  it('leaves kube-proxy of another minor to the step of the kubelet, which drains the node', async () => {
    const { log, all } = runWith({ actions: BOTH, component: 'kube-proxy', stage: 'nodes' });
    await all();
    expect(log).toEqual([]);
  });

  it.each(['controllers', undefined] as const)('restarts it by itself where none is drained (%s)', async (stage) => {
    const { log, all } = runWith({ actions: BOTH, component: 'kube-proxy', ...(stage && { stage }) });
    await all();
    expect(log).toEqual(NAMES.map((name) => `${name}: restart kube-proxy.service`));
  });

  it('leaves the others running when one does not become healthy', async () => {
    const healthy = (node: string): Promise<unknown> =>
      node === 's4' ? Promise.reject(new Error('its data is damaged')) : Promise.resolve();
    const { log, all } = runWith({ actions: [action('etcd', 'etcd', 'restart')], healthy });
    const refused = 'another one did not become healthy';
    expect(outcomes(await all())).toEqual(['its data is damaged', refused, refused]);
    expect(log).toEqual(['s4: restart etcd.service']);
  });

  it.each(['made', 'awaited'] as const)('restarts all at once where no quorum works yet (%s)', async (quorum) => {
    const { log, scripts, all } = runWith({ quorum, actions: [action('etcd', 'etcd', 'restart')] });
    await all();
    expect(log).toEqual(NAMES.map((name) => `${name}: restart etcd.service`));
    // A member of a quorum that is still to be made reports its start only when it is made.
    for (const { command } of scripts) expect(command.includes(' no-block')).toBe(quorum === 'awaited');
  });

  it('does not queue what disturbs nobody', async () => {
    const { log, all } = runWith({ actions: [action('kubelet', 'none', 'restart')] });
    await all();
    expect(log).toEqual(NAMES.map((name) => `${name}: restart kubelet.service`));
  });

  it('fails with the log of the unit that did not start, and with what cut the connection as it is', async () => {
    const refusing: Answer = ({ command }) =>
      command.startsWith('journalctl') ? { stdout: 'bind: address already in use\n' } : { exitCode: 1 };
    const { all } = runWith({ actions: [action('kubelet', 'none', 'start')], answer: () => refusing });
    const [first] = await all();
    expect(first).toMatchObject({
      reason: {
        code: 'unit-failed',
        host: 's4',
        hint: 'its log was saved to /runs/1/s4-kubelet.service.log',
        detail: expect.stringContaining('address already in use'),
      },
    });
  });
});
