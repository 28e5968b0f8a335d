import { ownError } from '../../errors.js';
import { servedInside } from '../../kube/served-inside.js';
import type { Outcome, StepPlace } from '../../runner/sequence.js';
import type { JudgedRun } from '../context.js';
import { settling } from '../settling.js';

/**
 * After a restore nobody answers for the pods of the past, and what apiservers ask of one of them before they take a
 * change may keep those very pods from starting: each is named, with what takes it out of the way, before anybody waits.
 */
export async function nameServedInside(context: JudgedRun, { signal }: StepPlace): Promise<Outcome> {
  const { orders, record } = context.judgement;
  const begins = orders.code === 'bootstrap' || orders.code === 'resume-bootstrap';
  if (!begins || record.etcd.origin === undefined) return 'unchanged';
  const { bus, cluster } = context;
  try {
    const found = await settling(context, async () => servedInside(await cluster.kube(), signal));
    for (const { what, service, refuses, command } of found) {
      const message = `${what} is served by ${service} inside the cluster: as long as no pod of it answers, apiservers refuse ${refuses}`;
      const hint = `if nodes or pods do not become ready: k8s-diskless ${command.replace('kubectl', 'kubectl --')}`;
      bus.emit({ type: 'note', level: 'warning', code: 'served-inside', message, hint });
    }
  } catch (thrown) {
    signal.throwIfAborted();
    const { code, message } = ownError(thrown);
    bus.emit({ type: 'note', level: 'warning', code, message: `webhooks could not be looked at: ${message}` });
  }
  return 'unchanged';
}
