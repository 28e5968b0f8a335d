import { nodeConnector } from '../cluster/node-connector.js';
import { NodeSession } from '../cluster/node-session.js';
import { believedHostKeys } from '../cluster/per-boot-host-keys.js';
import { openRecordedCluster, type RecordedCluster } from '../cluster/recorded-cluster.js';
import { MANAGED_UNITS } from '../components/roster.js';
import { hostsOfFlag } from '../config/host-expression.js';
import { controlPlanes, type NodeSpec, type SshSpec } from '../config/spec.js';
import { decideSsh, hostKeyPolicyOf } from '../config/ssh-settings.js';
import { refusal, toDisklessError, usageError } from '../errors.js';
import { gatherFacts } from '../facts/gather.js';
import { requireReadableConfig } from '../ssh/effective-config.js';
import { readClusterRecord, readJumpHosts, readNodeRecords } from '../state/record-files.js';
import { requireInUse } from '../state/retired.js';
import type { StateDir } from '../state/state-dir.js';
import { takeBackup } from './backup.js';
import { cleanMachine } from './clean-machine.js';
import { type CoveredByMembers, holdsData, requireUnrecorded, resetVerdict } from './reset-verdict.js';

export interface ResetOptions {
  state: StateDir;
  /** `s7`, or `s7=core@10.0.0.7:22`. */
  host: string;
  /** Its name again, by a person who means it. */
  yes: string | undefined;
  /** Wins over what is recorded. */
  ssh: SshSpec;
  /** Told what is done, each time before it is. */
  tell: (line: string) => void;
  signal: AbortSignal;
}

/**
 * `reset`: everything of ours off a machine that is no node of the recorded cluster. Cut off anywhere, the same command goes
 * on. The caller holds the state's lock.
 *
 * @returns whether there was something of ours
 * @throws usage errors `reset-one-host`, `reset-not-confirmed`; refusals (exit 5) as `resetVerdict`, and `reset-of-member`
 */
export async function resetMachine(options: ResetOptions): Promise<boolean> {
  const { state, ssh, tell, signal } = options;
  const node = confirmedHost(options);
  const { name } = node;
  await requireInUse(state);
  const [record, nodeRecords] = await Promise.all([readClusterRecord(state), readNodeRecords(state)]);
  requireUnrecorded({ name, record });
  const session = await sessionTo(node, options, decideSsh({ flags: ssh, recorded: record?.spec.ssh }));
  try {
    const connection = await session.connection();
    const facts = await gatherFacts({ connection, units: MANAGED_UNITS, now: Date.now, signal });
    session.pinEpoch({ bootId: facts.bootId });
    const data = resetVerdict({ name, record, nodeRecords }, facts);
    if (data && record) await prove(data, { ...options, name, recorded: { state, record } });
    if (facts.marker === undefined) return false;
    tell(`${name}: end what runs there, and take off what is ours`);
    const { clusterId, incarnation } = facts.marker;
    await cleanMachine({ session, clusterId, incarnation, units: MANAGED_UNITS, signal });
    return true;
  } finally {
    await session.end();
  }
}

/** @throws usage errors */
function confirmedHost({ host, yes }: ResetOptions): NodeSpec {
  const [only, ...others] = hostsOfFlag('reset', host);
  if (only === undefined || others.length > 0)
    throw usageError({ code: 'reset-one-host', message: 'reset is for one machine', hint: 'name them one by one' });
  if (yes !== only.name)
    throw usageError({
      code: 'reset-not-confirmed',
      message: `everything of ours would go from ${only.name}, and --yes does not name it`,
      hint: `k8s-diskless reset ${host} --yes ${only.name}`,
    });
  return { name: only.name, ssh: only.ssh, role: 'worker', podCidr: '', labels: {} };
}

async function sessionTo(node: NodeSpec, options: ResetOptions, ssh: SshSpec | undefined): Promise<NodeSession> {
  const { state, tell, signal } = options;
  if (ssh?.configFile !== undefined) await requireReadableConfig(ssh.configFile);
  const jumps = { jumpHosts: await readJumpHosts(state), jumpHostsFile: state.jumpHosts, onNewJumpHost: tell };
  const nodeRecords = new Map();
  const open = nodeConnector({ spec: { nodes: [node], ...(ssh && { ssh }) }, nodeRecords, ...jumps });
  const believed = believedHostKeys({ policy: hostKeyPolicyOf(ssh), open, nodeRecords, tell });
  return new NodeSession({ name: node.name, open: (own) => believed(node.name, own), signal });
}

interface Proof extends ResetOptions {
  name: string;
  recorded: RecordedCluster;
}

/**
 * Within one life of etcd history is one line: what a quorum without this member has now is all that it ever acknowledged,
 * and a snapshot of that has it too.
 */
async function prove({ memberId }: CoveredByMembers, { name, recorded, ssh, tell, signal }: Proof): Promise<void> {
  const { spec, cluster } = await openRecordedCluster(recorded, { ssh, tell, signal });
  try {
    const asked = controlPlanes(spec).map((each) => each.name);
    const members = await (await cluster.quorumThrough(asked, signal)).memberList({ signal });
    if (members.some(({ id }) => id === memberId)) throw stillMember(name);
    const { snapshot } = await takeBackup({ recorded, ssh, reason: 'reset', tell, now: () => new Date(), signal });
    tell(`snapshot ${snapshot.id} has what its etcd data has`);
  } catch (error) {
    signal.throwIfAborted();
    const { code, message } = toDisklessError(error);
    if (code === 'reset-of-member' || code === 'operator-superseded') throw error;
    throw holdsData(name, `the recorded cluster gave none just now (${message})`, error);
  } finally {
    await cluster.close();
  }
}

function stillMember(host: string) {
  return refusal({
    code: 'reset-of-member',
    host,
    message: 'etcd of the recorded cluster counts it as a member, though it is no node',
    hint: `k8s-diskless up with ${host} on the list, and k8s-diskless remove ${host} after that`,
  });
}
