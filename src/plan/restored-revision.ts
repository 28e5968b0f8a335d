/**
 * More writes than one life of a cluster comes to without a snapshot of it: a thousand each second for eleven days. So far
 * apart lives begin, that none has a revision which a client may have seen in another (kubernetes/kubernetes#107457).
 */
const APART = 1_000_000_000n;

export interface Lives {
  /** Of the life that begins. */
  incarnation: number;
  /** The highest revision that is known of any life before it; decimal. */
  known: string;
}

/** What the revisions of a life that is restored are to be above; decimal. Recorded: all members of it go by the same. */
export function aboveAllBefore({ incarnation, known }: Lives): string {
  return String(highest(APART * BigInt(incarnation), BigInt(known) + APART));
}

/**
 * By how much etcdutl raises the revisions of a snapshot, `--bump-revision`.
 *
 * @param revision Of its last write; decimal
 * @param above Absent in records of earlier releases: those raised every snapshot by the same
 */
export function bumpOf(revision: string, above = '0'): string {
  return String(highest(BigInt(above) - BigInt(revision), APART));
}

/** Decimal; 0 where there are none. */
export function highestRevision(positions: readonly { revision: string }[]): string {
  return String(positions.map(({ revision }) => BigInt(revision)).reduce(highest, 0n));
}

const highest = (one: bigint, other: bigint): bigint => (one > other ? one : other);
