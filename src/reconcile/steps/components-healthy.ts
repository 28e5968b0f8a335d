import { healthEndpoints } from '../../components/health.js';
import { DisklessError } from '../../errors.js';
import type { StepPlace, StepResult } from '../../runner/sequence.js';
import { fetchEvidence, whereLogs } from '../evidence.js';
import { healthScript, parseHealth } from '../health-script.js';
import { type Reconciliation, sessionOf, workOf } from '../reconciliation.js';

/** From a daemon's start until it answers: a second or two, on an emulated CPU ten, and thrice that where it is shared. */
const PATIENCE_S = 90;

/**
 * systemd counts a daemon as started as soon as it is executed, and starts one that ends again for as long as it takes:
 * only the daemon itself can say whether it works.
 */
export async function componentsHealthy(context: Reconciliation, { node }: StepPlace): Promise<StepResult> {
  const endpoints = healthEndpoints({ spec: context.options.spec, node: workOf(context, node).node });
  const { stdout } = await sessionOf(context, node).rootScript(healthScript({ endpoints, patienceS: PATIENCE_S }), {
    label: 'ask components for their health',
    timeoutMs: (PATIENCE_S + 30) * 1000,
  });
  const failing = parseHealth(stdout);
  if (failing.length === 0) {
    context.well.add(node);
    return 'unchanged';
  }
  const evidence = await Promise.all(failing.map(({ unit }) => fetchEvidence(context, node, unit)));
  const reasons = failing.map(({ unit, why }) => `${unit} ${why}`);
  throw new DisklessError({
    code: 'component-unhealthy',
    host: node,
    message: `${reasons.join('; ')}, after ${PATIENCE_S} s`,
    hint: `${whereLogs(evidence)}; an extra argument it does not take is a usual reason`,
    detail: evidence.map(({ tail }) => tail).join('\n'),
  });
}
