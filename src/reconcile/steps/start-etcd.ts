import { PATHS } from '../../components/paths.js';
import type { StepPlace, StepResult } from '../../runner/sequence.js';
import { shellQuote } from '../../ssh/quote.js';
import { change } from '../change.js';
import { judgementOf, type Reconciliation, sessionOf, workOf } from '../reconciliation.js';
import { startComponents } from './start-units.js';

const startUnit = startComponents('etcd');

/** Starts this node's member as the verdict says; a member that takes part in nothing is left alone. */
export async function startEtcd(context: Reconciliation, place: StepPlace): Promise<StepResult> {
  const { verdict, record } = judgementOf(context);
  const { arrivals } = workOf(context, place.node);
  if (verdict.code === 'bootstrap' || verdict.code === 'resume-bootstrap') {
    await arrivals.of('config');
    const wipe = verdict.code === 'bootstrap' && verdict.wipe.includes(place.node);
    const owner = `${record.clusterId} ${record.etcd.incarnation}`;
    await change(context, place, wipe ? 'wipe data of an older etcd, claim the data directory' : 'claim the data directory', () =>
      sessionOf(context, place.node).rootScript(claimScript(owner, wipe), { label: 'prepare etcd data directory' }),
    );
  }
  return startUnit(context, place);
}

/** The owner's name lies beside the data before the data is there: unknown data is never ours by accident. */
function claimScript(owner: string, wipe: boolean): string {
  const directory = PATHS.etcdData;
  return `set -eu
${wipe ? `systemctl stop etcd.service 2>/dev/null || true\nrm -rf ${directory}/member ${directory}/wal` : ''}
mkdir -p -m 0700 ${directory}
printf '%s\\n' ${shellQuote(owner)} >${directory}/k8s-diskless.new && mv -f ${directory}/k8s-diskless.new ${directory}/k8s-diskless
`;
}
