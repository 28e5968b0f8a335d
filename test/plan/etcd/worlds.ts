import type { EtcdEntry } from '../../../src/plan/etcd-facts.js';
import { combinations } from './combinations.js';
import type { Data, Machine, World } from './model.js';
import { CURRENT, RECORD, TOKEN, urlOf } from './situation.js';

/* Every state that a cluster may be found in. */

interface Kind {
  data?: Partial<Data>;
  machine?: Partial<Machine>;
  entry?: 'voter' | 'learner';
}

const voter = { role: 'voter' } as const;
const learner = { role: 'learner' } as const;

/** What one member may be. */
export const KINDS: Record<string, Kind> = {
  running: { entry: 'voter', data: voter },
  'of an old release': { entry: 'voter', data: { role: undefined } },
  stopped: { entry: 'voter', data: { ...voter, running: false } },
  masked: { entry: 'voter', data: { ...voter, running: false, masked: true } },
  hung: { entry: 'voter', data: voter, machine: { hung: true } },
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
  blank: {},
  'blank, off': { machine: { reachable: false } },
  'of an older life': {
    data: { incarnation: CURRENT - 1, token: 'token-2', role: undefined, running: false, written: true },
  },
};

/** There is one learner at most. */
const isPossible = (kinds: readonly string[]): boolean =>
  kinds.filter((kind) => KINDS[kind]?.entry === 'learner').length <= 1;

export function combinationsOfKinds(count: number): string[][] {
  return combinations(Object.keys(KINDS), count).filter(isPossible);
}

export interface Begun {
  phase: 'bootstrapping' | 'bootstrapped';
  /** The machine that was rebooted since. */
  rebooted?: number;
  /** It was finished since, and objects written; the record is a copy from before. */
  isCopy?: boolean;
}

/** A cluster whose members are of these kinds. */
export function worldOf(
  kinds: readonly string[],
  { phase, rebooted, isCopy = false }: Begun = { phase: 'bootstrapped' },
): World {
  const entries: EtcdEntry[] = [];
  const written = phase === 'bootstrapped' || isCopy;
  const machines = kinds.map((kind, index): Machine => {
    const { data, machine, entry } = KINDS[kind] ?? {};
    const name = `m${index}`;
    const memberId = `${TOKEN}/${name}`;
    if (entry) entries.push({ id: memberId, name, peerUrls: [urlOf(name)], isLearner: entry === 'learner' });
    const told: Data = { incarnation: CURRENT, token: TOKEN, memberId, running: true, written, role: 'voter', ...data };
    // A marker of an old release says none of it; one of a bootstrap that is not finished has no ID yet.
    const isMarked = told.role !== undefined;
    const held: Data = { ...told, ...(isMarked && { open: written }), ...(isMarked && written && { named: memberId }) };
    const url = machine?.url === undefined ? urlOf(name) : machine.url.replace('elsewhere', `new-${name}`);
    return { name, boot: 1, reachable: true, fit: true, ...machine, url, ...(data && { data: held }) };
  });
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
    serial: 0,
  };
}
