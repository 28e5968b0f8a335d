import { isReached, stageOf, type UpgradeRecord } from '../config/upgrade-stages.js';
import type { ContentSource } from '../delivery/content-source.js';

export interface ContentInStageOptions {
  upgrade: Pick<UpgradeRecord, 'stage'>;
  from: ContentSource;
  to: ContentSource;
}

/** What a node is to hold in the middle of an upgrade: each binary of the version that its component is to be at. */
export function contentInStage({ upgrade, from, to }: ContentInStageOptions): ContentSource {
  const older = new Set<string>();
  return {
    ...to,
    async artifacts(arch) {
      const [before, after] = await Promise.all([from.artifacts(arch), to.artifacts(arch)]);
      const isNew = (name: string): boolean => isReached(upgrade, stageOf(name));
      const kept = [...before].filter(([name]) => !isNew(name));
      for (const [, { sha256 }] of kept) older.add(sha256);
      return new Map([...kept, ...[...after].filter(([name]) => isNew(name))]);
    },
    member: (sha256, encoding) => (older.has(sha256) ? from : to).member(sha256, encoding),
  };
}
