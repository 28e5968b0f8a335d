import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { MarkerFact } from '../../src/facts/facts.js';
import type { DesiredFile, DesiredNode } from '../../src/node/desired.js';
import { type DiffInput, diffNode, fingerprint, suspectPaths } from '../../src/plan/diff.js';

const sha = (text: string): string => createHash('sha256').update(text).digest('hex');
const text = (path: string, content: string, extra: Partial<DesiredFile> = {}): DesiredFile => ({
  path,
  mode: 0o644,
  content: { kind: 'text', text: content },
  ...extra,
});

const UNIT = { name: 'kubelet.service', inputs: ['/etc/k', '/etc/u'], disruption: 'none' as const };
const FILES = [text('/etc/k', 'config'), text('/etc/u', 'unit')];
const DESIRED: DesiredNode = {
  components: [{ component: 'kubelet', files: FILES, units: [UNIT] }],
  images: [{ sha256: 'a'.repeat(64), size: 1, references: ['pause:1'] }],
};

function marker(files: DesiredFile[], changes: Partial<MarkerFact> = {}): MarkerFact {
  return {
    clusterId: 'c',
    incarnation: 1,
    files: files.map(({ path, mode, content }) => ({
      path,
      mode,
      sha256: content.kind === 'text' ? sha(content.text) : content.sha256,
      stamp: '1:2:3:4',
      currentStamp: '1:2:3:4',
      currentMode: mode,
    })),
    units: { [UNIT.name]: fingerprint(UNIT, FILES) },
    images: ['a'.repeat(64)],
    ...changes,
  };
}

function diff(changes: Partial<DiffInput> = {}) {
  return diffNode({
    desired: DESIRED,
    marker: marker(FILES),
    rehashed: new Map(),
    activeUnits: new Set([UNIT.name]),
    activatingUnits: new Set(),
    kernel: { unit: UNIT.name, differences: [] },
    imageReferences: new Set(['pause:1']),
    ...changes,
  });
}

describe('diffNode', () => {
  it('finds nothing on a converged node', () => {
    expect(diff()).toEqual({ files: [], remove: [], units: [], kernel: [], images: [] });
  });

  it('restarts the unit that set what the kernel has not any more, and says what that is', () => {
    const differences = ['link cni0 is down', 'route to 10.244.1.0/24 is missing'];
    const { units, kernel } = diff({ kernel: { unit: UNIT.name, differences } });
    expect(units).toMatchObject([{ action: 'restart', why: 'the kernel has not all that it set' }]);
    expect(kernel).toEqual(differences);
    expect(diff({ kernel: { unit: 'other.service', differences } })).toMatchObject({ units: [], kernel: [] });
  });

  it('installs and starts everything on a blank node', () => {
    const all = diff({ marker: undefined, activeUnits: new Set(), imageReferences: new Set() });
    expect(all.files.map(({ file, why }) => [file.path, why])).toEqual([
      ['/etc/k', 'missing'],
      ['/etc/u', 'missing'],
    ]);
    expect(all.units).toMatchObject([{ action: 'start', unit: UNIT }]);
    expect(all.images).toHaveLength(1);
  });

  it('replaces a file whose hash on the node differs, and restarts only the unit that reads it', () => {
    const changed = diff({ rehashed: new Map([['/etc/k', sha('edited')]]) });
    expect(changed.files).toMatchObject([{ why: 'differs', file: { path: '/etc/k' } }]);
    expect(changed.units).toMatchObject([{ action: 'restart', why: '/etc/k was changed on the node' }]);
  });

  it('accepts a file that was only touched', () => {
    expect(diff({ rehashed: new Map([['/etc/k', sha('config')]]) })).toMatchObject({ files: [], units: [] });
  });

  it('repairs a wrong mode', () => {
    const files = marker(FILES).files.map((file) => ({ ...file, currentMode: 0o777 }));
    expect(diff({ marker: marker(FILES, { files }) }).files).toHaveLength(2);
  });

  it('restarts a unit that still runs with an older configuration though its files are right', () => {
    const restarted = diff({ marker: marker(FILES, { units: { [UNIT.name]: 'older' } }) });
    expect(restarted).toMatchObject({ files: [], units: [{ action: 'restart', why: 'its configuration changed' }] });
  });

  it('leaves a unit that systemd is starting as it should be, and restarts one that starts with something else', () => {
    const activating = { activeUnits: new Set<string>(), activatingUnits: new Set([UNIT.name]) };
    expect(diff(activating).units).toMatchObject([{ action: 'start' }]);
    const other = marker(FILES, { units: { [UNIT.name]: 'another fingerprint' } });
    expect(diff({ ...activating, marker: other }).units).toMatchObject([{ action: 'restart' }]);
  });

  it('starts a stopped unit without touching files', () => {
    expect(diff({ activeUnits: new Set() })).toMatchObject({ files: [], units: [{ action: 'start' }] });
  });

  it('removes what is ours and no longer wanted, and nothing else', () => {
    const old = text('/etc/old', 'x');
    expect(diff({ marker: marker([...FILES, old]) }).remove).toEqual(['/etc/old']);
  });

  it('writes one-time files once and never compares or fingerprints them', () => {
    const once = text('/etc/once', 'new', { once: true });
    const unit = { ...UNIT, inputs: [...UNIT.inputs, '/etc/once'] };
    const desired = {
      ...DESIRED,
      components: [{ component: 'kubelet' as const, files: [...FILES, once], units: [unit] }],
    };
    const was = marker([...FILES, text('/etc/once', 'old')]);
    expect(diff({ desired, marker: was })).toEqual({ files: [], remove: [], units: [], kernel: [], images: [] });
    expect(diff({ desired }).files).toMatchObject([{ file: { path: '/etc/once' }, why: 'missing' }]);
  });

  it('imports an image again when containerd has lost it', () => {
    expect(diff({ imageReferences: new Set() }).images).toHaveLength(1);
    // A containerd that is stopped or busy is no containerd without images.
    expect(diff({ imageReferences: undefined }).images).toEqual([]);
    expect(diff({ imageReferences: undefined, marker: undefined }).images).toHaveLength(1);
  });
});

describe('suspectPaths', () => {
  it('names files whose stamp changed, not those that are gone', () => {
    const [first, second] = marker(FILES).files;
    if (!first || !second) throw new Error('fixture');
    const { currentStamp: _gone, ...missing } = second;
    const files = [{ ...first, currentStamp: '9:9:9:9' }, missing];
    expect(suspectPaths(marker(FILES, { files }))).toEqual(['/etc/k']);
    expect(suspectPaths(marker(FILES))).toEqual([]);
    expect(suspectPaths(marker(FILES), { all: true })).toEqual(['/etc/k', '/etc/u']);
  });
});
