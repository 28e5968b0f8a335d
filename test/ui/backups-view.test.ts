import { describe, expect, it } from 'vitest';
import type { ListedBackup } from '../../src/backup/restorable.js';
import { backedUpLines, backupDetails, backupsLines, snapshotText } from '../../src/ui/backups-view.js';
import { styleFor } from '../../src/ui/style.js';
import { sampleSnapshot } from '../backup/samples.js';

const NOW = new Date('2026-11-30T12:00:00Z');
const ago = (seconds: number): string => new Date(NOW.getTime() - seconds * 1000).toISOString();
const listed = (changes: Partial<ListedBackup> = {}): ListedBackup => ({
  ...sampleSnapshot({ objects: 261, sizeBytes: 2_500_000, ...changes }),
  problems: changes.problems ?? [],
});

const BACKUPS: ListedBackup[] = [
  listed({ incarnation: 2, revision: '1000004711', takenAt: ago(180) }),
  listed({
    revision: '99',
    takenAt: ago(12 * 86_400),
    problems: ['it is of another cluster', 'the encryption key key-0 is missing from pki/'],
  }),
];
const DAMAGED = [{ id: '1-98', why: 'its file has 100 of 20480 bytes' }];

const NONE: ListedBackup[] = [];

function shown(
  backups: readonly ListedBackup[],
  {
    damaged = DAMAGED,
    width = 100,
    strays = NONE,
  }: { damaged?: typeof DAMAGED; width?: number; strays?: ListedBackup[] } = {},
): string {
  return `${backupsLines({ backups, strays, damaged, now: NOW, width }).join('\n')}\n`;
}

describe('the list', () => {
  it.each([
    ['backups', 100],
    ['backups-narrow', 50],
  ])('says what there is, and why of each problem: %s', (name, width) =>
    expect(shown(BACKUPS, { width })).toMatchFileSnapshot(`../golden/ui/${name}.txt`),
  );

  it('has strays apart, with what is wrong with them', () => {
    const stray = listed({
      id: '1-4700-s5',
      takenAt: ago(60),
      problems: ['the encryption key key-0 is missing from pki/'],
    });
    const text = shown(BACKUPS, { strays: [{ ...stray, stray: { how: 'file' } }] });
    expect(text).toMatch(/\n\nstrays: copies of the data of one member that went.*\nID .*\n1-4700-s5 +60 s .* no/);
    expect(text).toContain('✖ 1-4700-s5: the encryption key key-0 is missing from pki/');
  });

  it('says how there will be some, and names damaged ones where there are no others', () => {
    expect(shown([], { damaged: [] })).toBe(
      'No snapshot is kept. up takes one whenever it changed something; k8s-diskless backup takes one now.\n',
    );
    expect(shown([])).toContain('✖ 1-98 cannot be used: its file has 100 of 20480 bytes');
  });

  it('paints what can be restored, and what cannot', () => {
    const style = styleFor({ isTTY: true }, {});
    const lines = backupsLines({ backups: BACKUPS, strays: [], damaged: [], now: NOW, width: 100, style });
    expect(lines[1]).toContain(style.green('yes       '));
    expect(lines[2]).toContain(style.red('no        '));
    expect(lines[3]).toBe(style.red('✖ 1-99: it is of another cluster'));
  });
});

it.each([
  [-60, '0 s'],
  [119, '119 s'],
  [120, '2 min'],
  [7199, '119 min'],
  [7200, '2 h'],
  [48 * 3600 - 1, '47 h'],
  [48 * 3600, '2 days'],
])('an age of %d seconds is %s', (seconds, text) => {
  const snapshot = { id: '1-9', objects: 1, takenAt: new Date(ago(seconds)) };
  expect(snapshotText(snapshot, NOW)).toBe(`1-9 (${text} old, 1 object)`);
});

describe('one of them', () => {
  it('is told with all that is known', () => {
    const details = backupDetails(listed({ takenAt: ago(180) }), NOW);
    expect(details).toEqual([
      'snapshot     1-100',
      `taken        ${ago(180)} (3 min ago), from s4, for up`,
      'of           incarnation 1, revision 100, etcd cluster 17',
      'holds        261 objects, 300 keys, 2.5 MB',
      'written by   Kubernetes 1.37.2, etcd 3.7.3',
      'encrypted    nothing in it',
      `sha256       ${'a'.repeat(64)}`,
      'restorable   yes',
    ]);
  });

  it('with the keys that it needs, and every reason why it cannot be restored', () => {
    const { problems } = BACKUPS[1] ?? {};
    const details = backupDetails(listed({ encryptionKeys: ['key-1', 'key-0'], problems: problems ?? [] }), NOW);
    expect(details).toContain('encrypted    with key-1, key-0');
    expect(details.at(-1)).toBe(
      'restorable   no: it is of another cluster; the encryption key key-0 is missing from pki/',
    );
  });
});

it('one just taken is told, and which it took the place of', () => {
  const snapshot = listed({ incarnation: 2 });
  const taken = 'snapshot 2-100: 261 objects of incarnation 2, 2.5 MB, taken from s4 and verified';
  expect(backedUpLines({ snapshot, pruned: [] })).toEqual([taken]);
  expect(backedUpLines({ snapshot, pruned: ['1-9', '1-8'] })).toEqual([taken, 'let go: 1-9, 1-8']);
});
