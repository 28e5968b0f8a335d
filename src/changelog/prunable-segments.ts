import type { Segment } from './log-store.js';

export interface PrunableInput {
  /** By incarnation and first revision. */
  segments: readonly Segment[];
  /** Every snapshot that something may still begin from, damaged ones too: they may be put right. */
  kept: readonly { incarnation: number; revision: number }[];
}

/**
 * Segments that no snapshot goes on with: all that they hold is in the oldest one that is kept of their incarnation, or all
 * that are kept are of later ones. Pure.
 */
export function prunableSegments({ segments, kept }: PrunableInput): Segment[] {
  return segments.filter((segment, index) => {
    const revisions = kept.flatMap(({ incarnation, revision }) =>
      incarnation === segment.incarnation ? [revision] : [],
    );
    // Snapshots that somebody moved away may be put back.
    if (revisions.length === 0) return kept.some(({ incarnation }) => incarnation > segment.incarnation);
    const next = segments[index + 1];
    return next?.incarnation === segment.incarnation && next.first <= Math.min(...revisions) + 1;
  });
}
