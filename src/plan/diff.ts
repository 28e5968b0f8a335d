import { createHash } from 'node:crypto';
import type { MarkerFact } from '../facts/facts.js';
import type { ComponentId, DesiredFile, DesiredImage, DesiredNode, DesiredUnit } from '../node/desired.js';

/** Desired minus actual of one node. */
export interface NodeDifference {
  /** Files to push, per component, in the order given by the desired state. */
  files: { component: ComponentId; file: DesiredFile; sha256: string; why: 'missing' | 'differs' }[];
  /** Paths of ours that are no longer wanted. */
  remove: string[];
  units: UnitAction[];
  /** What a unit that is started or restarted puts back in the kernel, each as a sentence. */
  kernel: readonly string[];
  images: DesiredImage[];
}

export interface UnitAction {
  component: ComponentId;
  unit: DesiredUnit;
  action: 'start' | 'restart';
  /** Fingerprint of the inputs it is to run with, remembered in the marker. */
  fingerprint: string;
  why: string;
}

export interface DiffInput {
  desired: DesiredNode;
  marker: MarkerFact | undefined;
  /** SHA-256 of installed files whose stamp changed since installation (or of all, with --verify), hashed now. */
  rehashed: ReadonlyMap<string, string>;
  /** Units that run now. One that systemd is still (or again and again) starting does not. */
  activeUnits: ReadonlySet<string>;
  /** What the kernel has not as this unit set it, each as a sentence. */
  kernel: { unit: string; differences: readonly string[] };
  /** Units that systemd is starting, with whatever configuration it found. */
  activatingUnits: ReadonlySet<string>;
  /** References containerd holds now; undefined when it could not be asked: then the marker is believed. */
  imageReferences: ReadonlySet<string> | undefined;
}

/** Pure; the same input always gives the same plan. */
export function diffNode(input: DiffInput): NodeDifference {
  const { desired, marker } = input;
  const installed = new Map(marker?.files.map((file) => [file.path, file]));
  const files: NodeDifference['files'] = [];
  const wanted = new Set<string>();
  for (const { component, files: componentFiles } of desired.components) {
    for (const file of componentFiles) {
      wanted.add(file.path);
      const sha256 = contentHash(file);
      const why = fileDifference(file, sha256, input, installed.get(file.path));
      if (why) files.push({ component, file, sha256, why });
    }
  }
  const remove = [...installed.keys()].filter((path) => !wanted.has(path)).toSorted();
  const units = unitActions(input, files);
  const kernel = units.some(({ unit }) => unit.name === input.kernel.unit) ? input.kernel.differences : [];
  return { files, remove, units, kernel, images: missingImages(input) };
}

/** Installed paths whose recorded stamp no longer matches what `stat` sees: their content must be hashed. */
export function suspectPaths(marker: MarkerFact | undefined, options: { all?: boolean } = {}): string[] {
  return (marker?.files ?? []).flatMap(({ path, stamp, currentStamp }) =>
    currentStamp !== undefined && (options.all || currentStamp !== stamp) ? [path] : [],
  );
}

export function contentHash(file: DesiredFile): string {
  return file.content.kind === 'artifact' ? file.content.sha256 : sha256(file.content.text);
}

/** What a unit runs with: the hashes and modes of its inputs. Paths not ours (absent from desired) do not count. */
export function fingerprint(unit: DesiredUnit, files: readonly DesiredFile[]): string {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const parts = unit.inputs.toSorted().flatMap((path) => {
    const file = byPath.get(path);
    if (file === undefined || file.once) return [];
    const { watched, mode } = file;
    return [`${path} ${watched === undefined ? contentHash(file) : sha256(watched)} ${mode.toString(8)}`];
  });
  return sha256(parts.join('\n'));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function fileDifference(
  file: DesiredFile,
  wantedHash: string,
  input: DiffInput,
  installed: MarkerFact['files'][number] | undefined,
): 'missing' | 'differs' | undefined {
  if (installed?.currentStamp === undefined) return 'missing';
  if (file.once) return undefined;
  const actualHash = input.rehashed.get(file.path) ?? installed.sha256;
  return actualHash === wantedHash && installed.currentMode === file.mode ? undefined : 'differs';
}

function unitActions(input: DiffInput, changed: NodeDifference['files']): UnitAction[] {
  const all = input.desired.components.flatMap((component) => component.files);
  const damaged = new Set(changed.flatMap(({ file }) => (file.watched === undefined ? [file.path] : [])));
  return input.desired.components.flatMap(({ component, units }) =>
    units.flatMap((unit): UnitAction[] => {
      const wanted = fingerprint(unit, all);
      const known = input.marker?.units[unit.name];
      const base = { component, unit, fingerprint: wanted };
      const repaired = unit.inputs.find((path) => damaged.has(path));
      if (!input.activeUnits.has(unit.name)) {
        const stale = input.activatingUnits.has(unit.name) && (known !== wanted || repaired !== undefined);
        return [{ ...base, action: stale ? 'restart' : 'start', why: 'not running' }];
      }
      if (known === undefined) return [{ ...base, action: 'restart', why: 'not started by us in this boot' }];
      if (known !== wanted) return [{ ...base, action: 'restart', why: 'its configuration changed' }];
      if (repaired !== undefined) return [{ ...base, action: 'restart', why: `${repaired} was changed on the node` }];
      if (unit.name !== input.kernel.unit || input.kernel.differences.length === 0) return [];
      return [{ ...base, action: 'restart', why: 'the kernel has not all that it set' }];
    }),
  );
}

function missingImages({ desired, marker, imageReferences }: DiffInput): DesiredImage[] {
  const imported = new Set(marker?.images);
  return desired.images.filter(
    ({ sha256: hash, references }) =>
      !imported.has(hash) || !references.every((name) => imageReferences?.has(name) ?? true),
  );
}
