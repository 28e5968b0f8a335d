import { DisklessError } from '../errors.js';
import { ownPortList } from '../node/ports.js';
import type { SpecDraft } from './draft.js';
import { etcdProblem } from './etcd-floor.js';
import { checkNetwork } from './network-checks.js';
import { checkNodes } from './node-checks.js';
import type { CrossProblem } from './problems.js';
import type { NodeSpec } from './spec.js';
import { versionRow } from './version-table.js';

/**
 * What single values cannot tell: everything that is wrong between the keys of a spec. Pure.
 *
 * @param recorded nodes as they are recorded
 */
export function crossCheck(draft: SpecDraft, recorded: readonly NodeSpec[] = []): CrossProblem[] {
  return [
    checkVersion,
    checkEtcd,
    checkManifest,
    checkApiPort,
    (given: SpecDraft) => checkMemberCount(given, recorded),
    checkCopies,
    checkNetwork,
    checkNodes,
  ].flatMap((check) => check(draft));
}

function checkVersion({ kubernetes }: SpecDraft): CrossProblem[] {
  try {
    versionRow(kubernetes);
    return [];
  } catch (error) {
    if (!(error instanceof DisklessError)) throw error;
    return [{ paths: [['kubernetes']], message: [error.message, error.hint].join('; ') }];
  }
}

function checkEtcd({ etcd }: SpecDraft): CrossProblem[] {
  const message = etcdProblem(etcd);
  return message === undefined ? [] : [{ paths: [['etcd', 'version']], message }];
}

function checkManifest({ network: { mode, manifest } }: SpecDraft): CrossProblem[] {
  if (mode === 'manifest' && manifest === undefined) {
    const message = 'mode manifest needs network.manifest, the path or https URL of the CNI manifest';
    return [{ paths: [['network', 'mode']], message }];
  }
  const paths = [['network', 'manifest']];
  if (mode !== 'manifest' && manifest !== undefined) {
    return [{ paths, message: `a manifest is given, but network.mode is ${mode}` }];
  }
  if (manifest?.startsWith('http://'))
    return [{ paths, message: 'the manifest is fetched over plain http; use https' }];
  return [];
}

function checkApiPort({ apiServer: { port } }: SpecDraft): CrossProblem[] {
  const taken = ownPortList.find((own) => own.port === port);
  return taken === undefined ? [] : [{ paths: [['apiServer', 'port']], message: `port ${port} is ${taken.owner}'s` }];
}

function checkCopies({ backup: { copyTo, recipients, copyPlain } }: SpecDraft): CrossProblem[] {
  if (copyTo === undefined || recipients !== undefined || copyPlain) return [];
  const message =
    'every copy would hold all objects of the cluster in plain: name backup.recipients (age1…) to seal them to, ' +
    'or say backup.copyPlain: true';
  return [{ paths: [['backup', 'copyTo']], message }];
}

/** Beyond seven, writes slow down for no practical gain (etcd FAQ). */
const MOST_MEMBERS = 7;

/** An even number is what a removal leaves behind: told of then (`evenMembers`), and nothing to ask for. */
function checkMemberCount({ nodes }: SpecDraft, recorded: readonly NodeSpec[]): CrossProblem[] {
  const count = memberNames(nodes).length;
  const paths = [['controlPlane']];
  if (count > MOST_MEMBERS) return [{ paths, message: `${count} control planes; ${MOST_MEMBERS} are the most` }];
  if (count === 0) return [{ paths, message: 'no control plane; at least one is needed' }];
  const message = evenMembers(nodes);
  const isNew = memberNames(nodes).join() !== memberNames(recorded).join();
  return message !== undefined && isNew ? [{ paths, message }] : [];
}

/** What is wrong with an even number of control planes; undefined where it is none. */
export function evenMembers(nodes: readonly Member[]): string | undefined {
  const count = memberNames(nodes).length;
  if (count % 2 === 1) return undefined;
  const lost = count / 2 - 1;
  const reason =
    `an etcd of ${count} survives the loss of ${lost}, just as one of ${count - 1} does, ` +
    'and has one more member that can fail';
  const proposal = count === MOST_MEMBERS - 1 ? '5 or 7' : `${count - 1} or ${count + 1}`;
  return `${count} control planes: ${reason}; use ${proposal}`;
}

type Member = Pick<NodeSpec, 'name' | 'role'>;

const memberNames = (nodes: readonly Member[]): string[] =>
  nodes.flatMap(({ name, role }) => (role === 'control-plane' ? [name] : []));
