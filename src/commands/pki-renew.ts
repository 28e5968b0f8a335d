import { stateOf } from '../app/state-of.js';
import { takenOverMessage } from '../app/taken-over.js';
import { recordedCluster } from '../cluster/recorded-cluster.js';
import { EXIT } from '../errors.js';
import { type AuthorityRenewal, renewAuthorities } from '../pki/renew.js';
import { acquireLock } from '../state/lock.js';
import { readClusterRecord } from '../state/record-files.js';
import { requireInUse } from '../state/retired.js';
import { sweepTemporaryFiles } from '../state/state-dir.js';
import type { StateFlags } from './options.js';
import { print } from './output-lost.js';

export interface PkiRenewFlags extends StateFlags {
  all: boolean;
}

/** Writes to the state directory alone: no machine is contacted. */
export async function pkiRenewCommand(flags: PkiRenewFlags): Promise<number> {
  const { state } = await recordedCluster(stateOf(flags));
  const lock = await acquireLock({ path: state.lock, command: 'pki renew', now: () => new Date() });
  try {
    await requireInUse(state);
    if (lock.takenOverFrom) process.stderr.write(`${takenOverMessage(lock.takenOverFrom)}\n`);
    await sweepTemporaryFiles(state);
    // Another run may have ended between our first look and getting the lock.
    const record = await readClusterRecord(state);
    const renewals = await renewAuthorities({ directory: state.pki, recorded: record?.pki, all: flags.all });
    await print(report(renewals));
  } finally {
    lock.release();
  }
  return EXIT.done;
}

const day = (date: Date): string => date.toISOString().slice(0, 10);

/** For a person. */
function report(renewals: readonly AuthorityRenewal[]): string {
  const lines = renewals.map(({ id, before, after }) =>
    after ? `${id} CA: now ends ${day(after)}, before ${day(before)}` : `${id} CA: ends ${day(before)}, left as it is`,
  );
  const renewed = renewals.filter(({ after }) => after !== undefined);
  return [...lines, '', ...(renewed.length > 0 ? whatFollows(renewed) : NOTHING), ''].join('\n');
}

const NOTHING = ['Nothing was renewed: none of them ends within a year. --all renews them all the same.'];

function whatFollows(renewed: readonly AuthorityRenewal[]): string[] {
  const lines = [
    'Next: k8s-diskless up brings them to the nodes and restarts what has read the old ones: etcd and kube-apiserver on',
    'one control plane after the other, controllers, kubelets, kube-proxy and name servers. Other pods run on.',
  ];
  const kubernetes = renewed.find(({ id }) => id === 'kubernetes');
  if (kubernetes === undefined) return lines;
  return [
    ...lines,
    'Those that talk to the API go by the certificate that they read at their start: restart them after that up (kubectl',
    `rollout restart). The one they have is good until ${day(kubernetes.before)}.`,
  ];
}
