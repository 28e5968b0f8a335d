import { parseMark } from '../node/operator-mark.js';
import type { InstalledFile, MarkerFact } from './facts.js';

const FILE_LINE = /^([0-9a-f]{64}) ([0-7]{3,4}) (\S+) - (\/.*)$/;
const STAT_LINE = /^([0-7]{3,4}) (\S+) (\/.*)$/;

/**
 * The marker under /run: lines `sha256 mode stamp - path` appended by the receiver as files arrive (a later line
 * replaces an earlier one; a line cut off by a crash is ignored, so its file counts as not installed).
 */
export function parseMarker(sections: ReadonlyMap<string, string>): MarkerFact | undefined {
  const [clusterId, incarnation] = (sections.get('marker-cluster') ?? '').split(/\s+/);
  if (!clusterId) return undefined;
  const current = new Map<string, { mode: number; stamp: string }>();
  for (const line of rows(sections, 'marker-stat')) {
    const [, mode = '', stamp = '', path = ''] = STAT_LINE.exec(line) ?? [];
    if (path) current.set(path, { mode: Number.parseInt(mode, 8), stamp });
  }
  const files = new Map<string, InstalledFile>();
  for (const line of rows(sections, 'marker-files')) {
    const [, sha256 = '', mode = '', stamp = '', path = ''] = FILE_LINE.exec(line) ?? [];
    if (!path) continue;
    const now = current.get(path);
    files.set(path, {
      path,
      sha256,
      mode: Number.parseInt(mode, 8),
      stamp,
      ...(now && { currentStamp: now.stamp, currentMode: now.mode }),
    });
  }
  const operator = parseMark(sections.get('marker-operator') ?? '');
  const units = rows(sections, 'marker-units').map((line) => line.split(' '));
  return {
    clusterId,
    incarnation: Number(incarnation) || 0,
    ...(operator && { operator }),
    files: [...files.values()],
    units: Object.fromEntries(units.map(([unit = '', fingerprint = '']) => [unit, fingerprint])),
    images: [...new Set(rows(sections, 'marker-images'))],
  };
}

function rows(sections: ReadonlyMap<string, string>, name: string): string[] {
  return (sections.get(name) ?? '').split('\n').filter(Boolean);
}
