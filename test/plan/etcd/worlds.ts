import type { EtcdEntry } from '../../../src/plan/etcd-facts.js';
import { combinations } from './combinations.js';
import type { Data, Machine, World } from './model.js';
import { CURRENT, RECORD, TOKEN, urlOf } from './situation.js';

/* Every state that a cluster may be found in. */

interface Kind {
  data?: Partial<Data>;
  machine?: Partial<Machine>;
  entry?: 'voter' | 'learner';
  /** Another machine, which lives, is the member of this name. */
  hasNamesake?: true;
}

const voter = { role: 'voter' } as const;
const learner = { role: 'learner' } as const;

/** What one member may be. */
export const KINDS: Record<string, Kind> = {
  running: { entry: 'voter', data: voter },
  'of an old release': { entry: 'voter', data: { role: undefined } },
  stopped: { entry: 'voter', data: { ...voter, running: false } },
  'behind, and does not say how far': { entry: 'voter', data: { ...voter, running: false, revision: 5, untold: true } },
  masked: { entry: 'voter', data: { ...voter, running: false, masked: true } },
  hung: { entry: 'voter', data: voter, machine: { hung: true } },
  slow: { entry: 'voter', data: voter, machine: { slow: true } },
  'out of our reach': { entry: 'voter', data: voter, machine: { reachable: false } },
  off: { entry: 'voter', machine: { reachable: false } },
  rebooted: { entry: 'voter' },
  moved: { entry: 'voter', data: voter, machine: { url: 'https://elsewhere:2380' } },
  unfit: { entry: 'voter', data: voter, machine: { fit: false } },
  'stopped, unfit': { entry: 'voter', data: { ...voter, running: false }, machine: { fit: false } },
  'rebooted, unfit': { entry: 'voter', machine: { fit: false } },
  'promoted, not noted': { entry: 'voter', data: learner },
  learner: { entry: 'learner', data: learner },
  'learner, rebooted': { entry: 'learner' },
  'learner out of our reach': { entry: 'learner', data: learner, machine: { reachable: false } },
  removed: { data: { ...voter, running: false } },
  'removed, running': { data: voter },
  'removed, another one has its name': { data: voter, hasNamesake: true },
  'has the address of another one': { entry: 'voter' },
  blank: {},
  'blank, off': { machine: { reachable: false } },
  'of an older life': {
    data: {
      incarnation: CURRENT - 1,
      token: 'token-2',
      memberId: 'earlier',
      role: undefined,
      running: false,
      written: true,
    },
  },
};

export const TAKER = 'has the address of another one';
/** Those that are not at the address that they had. */
const isAway = (kind: string): boolean => kind === 'off' || kind === 'moved';

/** There is one learner at most, and addresses that one has in another's place belonged to somebody. */
function isPossible(kinds: readonly string[]): boolean {
  const takers = kinds.filter((kind) => kind === TAKER).length;
  if (takers > 1 || (takers === 1 && !kinds.some(isAway))) return false;
  return kinds.filter((kind) => KINDS[kind]?.entry === 'learner').length <= 1;
}

export function combinationsOfKinds(count: number): string[][] {
  return combinations(Object.keys(KINDS), count).filter(isPossible);
}

export interface Begun {
  phase: 'bootstrapping' | 'bootstrapped';
  /** The machine that was rebooted since. */
  rebooted?: number;
  /** It was finished since, and objects written; the record is a copy from before. */
  isCopy?: boolean;
  /** The first two machines have got each other's names since. */
  isSwapped?: boolean;
}

/** A cluster whose members are of these kinds. */
export function worldOf(
  kinds: readonly string[],
  { phase, rebooted, isCopy = false, isSwapped = false }: Begun = { phase: 'bootstrapped' },
): World {
  const entries: EtcdEntry[] = [];
  const elsewhere: string[] = [];
  const taken = urlOf(`m${kinds.findIndex(isAway)}`);
  const written = phase === 'bootstrapped' || isCopy;
  const machines = kinds.map((kind, index): Machine => {
    const { data, machine, entry, hasNamesake } = KINDS[kind] ?? {};
    const name = `m${index}`;
    const memberId = `${TOKEN}/${name}`;
    if (entry) entries.push({ id: memberId, name, peerUrls: [urlOf(name)], isLearner: entry === 'learner' });
    if (hasNamesake) {
      elsewhere.push(`other/${name}`);
      const peerUrls = [`https://other-${name}:2380`];
      entries.push({ id: `other/${name}`, name, peerUrls, isLearner: false });
    }
    const told: Data = { incarnation: CURRENT, token: TOKEN, memberId, running: true, written, role: 'voter', ...data };
    // A marker of an old release says none of it; one of a bootstrap that is not finished has no ID yet.
    const isMarked = told.role !== undefined;
    const held: Data = { ...told, ...(isMarked && { open: written }), ...(isMarked && written && { named: memberId }) };
    const moved = machine?.url?.replace('elsewhere', `new-${name}`);
    const url = kind === TAKER ? taken : (moved ?? urlOf(name));
    return { name, boot: 1, reachable: true, fit: true, ...machine, url, ...(data && { data: held }) };
  });
  const started = [
    ...machines.flatMap(({ data }) => data?.memberId ?? []),
    ...(written ? entries.map(({ id }) => id) : []),
  ];
  const [first, second] = machines;
  if (isSwapped && first && second) [first.name, second.name] = [second.name, first.name];
  machines.sort((one, other) => one.name.localeCompare(other.name));
  const members = machines.map(({ name }) => name);
  // What is blank by now was rebooted since the copy was taken.
  const boot = (index: number): number =>
    index === rebooted || (isCopy && machines[index]?.data === undefined) ? 0 : 1;
  const bootIds = Object.fromEntries(members.map((name, index) => [name, `${name}/${boot(index)}`]));
  return {
    machines,
    entries,
    record: { ...RECORD, phase, members, bootIds },
    lost: new Set(),
    discardData: new Set(),
    backup: { kind: 'none' },
    serial: 0,
    elsewhere,
    started,
  };
}
