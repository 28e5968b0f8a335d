import { CONTAINERD_CHECK, CONTAINERD_UNIT } from '../../components/containerd.js';
import { healthEndpoints } from '../../components/health.js';
import { DisklessError } from '../../errors.js';
import type { Gave, StepPlace } from '../../runner/sequence.js';
import type { AtWork } from '../context.js';
import { fetchEvidence, whereLogs } from '../evidence.js';
import { glancing } from '../glance.js';
import { healthScript, parseHealth, type Unhealthy } from '../health-script.js';

/** Without these a node does not become Ready, however long it is waited for. */
const NEEDED = [CONTAINERD_UNIT, 'kubelet.service'];

/** Beside the node's own clock: a look of 3 s, and the answer's way back. */
const GRACE_MS = 30_000;

/**
 * systemd counts a daemon as started as soon as it is executed, and starts one that ends again for as long as it takes:
 * only the daemon itself can say whether it works.
 */
export async function componentsHealthy(context: AtWork, { node, signal }: StepPlace): Promise<Gave<'well'>> {
  const endpoints = healthEndpoints({ spec: context.options.spec, node: context.work.node });
  const { readyTimeoutMs, clock } = context.options;
  const began = clock.monotonicMs();
  const patienceS = Math.ceil(readyTimeoutMs / 1000);
  const ask = async (patience: number, own: AbortSignal): Promise<Unhealthy[]> => {
    const script = healthScript({ endpoints, containerdCheck: CONTAINERD_CHECK, patienceS: patience });
    const { stdout } = await context.cluster.session(node).runAsRoot(script, {
      label: 'ask components for their health',
      timeoutMs: patience * 1000 + GRACE_MS,
      signal: own,
    });
    return parseHealth(stdout);
  };
  // The node waits by itself, in one round trip.
  const glance = async (own: AbortSignal) => wordsOf(await ask(0, own)).join('; ');
  const failing = await glancing(context, glance, () => ask(patienceS, signal));
  if (failing.length === 0) return { outcome: 'unchanged', gives: 'well' };
  const waitedS = Math.round((clock.monotonicMs() - began) / 1000);
  const isHopeless = waitedS < patienceS;
  if (isHopeless && failing.some(({ unit }) => NEEDED.includes(unit))) {
    context.readiness.giveUp(node, wordsOf(failing).join('; '));
  }
  const evidence = await Promise.all(failing.map(({ unit }) => fetchEvidence(context, node, unit)));
  throw new DisklessError({
    code: 'component-unhealthy',
    host: node,
    message: `${wordsOf(failing).join('; ')}, after ${waitedS} s`,
    hint: `${whereLogs(evidence)}; ${advice(failing, isHopeless)}`,
    detail: evidence.map(({ tail }) => tail).join('\n'),
  });
}

function wordsOf(failing: readonly Unhealthy[]): string[] {
  return failing.map(({ unit, why }) => `${unit} ${why}`);
}

function advice(failing: readonly Unhealthy[], isHopeless: boolean): string {
  if (!isHopeless) return 'a slow machine needs a longer --ready-timeout';
  return failing.some(({ unit }) => unit === CONTAINERD_UNIT)
    ? 'once the reason is gone, restart it on the node, then run up again'
    : 'an extra argument it does not take is a usual reason';
}
