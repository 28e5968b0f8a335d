import type { Outcome, StepPlace } from '../../runner/sequence.js';
import { applyUsers, enforcesPolicies, hashOfUsers } from '../../users/apply-users.js';
import { changed } from '../change.js';
import type { Judged } from '../context.js';
import { settling, untilServing } from '../settling.js';

/** What is recorded of people, once for each life of the cluster's data; where that is done already, nothing is asked. */
export async function applyPeople(context: Judged, { step, signal }: StepPlace): Promise<Outcome> {
  const { options, memory, judgement, cluster } = context;
  const { spec, state } = options;
  const known = await state.readUsers();
  const policies = enforcesPolicies(spec);
  const { incarnation } = (memory.record ?? judgement.record).etcd;
  const applied = { incarnation, hash: hashOfUsers(known, policies) };
  const isDone = known.applied?.incarnation === incarnation && known.applied.hash === applied.hash;
  if (known.users.length === 0 || isDone) return 'unchanged';
  const client = await cluster.kube();
  await untilServing(context, client, signal);
  await settling(context, () => applyUsers({ client, cluster: spec.name, users: known.users, policies, signal }));
  await state.saveUsers({ ...known, applied });
  changed(context, { step }, `${known.users.filter(({ removed }) => !removed).length} users applied`);
  return 'changed';
}
