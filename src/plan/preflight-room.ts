import type { MountFact, NodeFacts } from '../facts/facts.js';
import { PATHS } from '../node/paths.js';
import { type Check, error, type NodeFinding, type PreflightInput } from './finding.js';

const MIB = 1024 * 1024;
/** Resident memory of the processes we start, measured on the lab and rounded up. */
const PROCESS_BYTES = { 'control-plane': 900 * MIB, worker: 250 * MIB } as const;
/** etcd preallocates a 64 MB WAL segment and keeps the next one (etcd wal.go). */
const ETCD_BYTES = 160 * MIB;
/** A filesystem must keep some room for pods' images, logs and volumes. */
const HEADROOM_BYTES = 64 * MIB;
const INODES_NEEDED = 2000;
/** Of an image archive, beside itself while it is imported: containerd's content store, and the unpacked snapshot. */
const COPIES_IN_CONTAINERD = 2;
/** Anything else (tmpfs, the initramfs, an overlay over one of them) may lie in RAM. */
const ON_DISK = /^(ext[234]|xfs|btrfs|f2fs|zfs)$/;

const mib = (bytes: number): string => `${Math.ceil(bytes / MIB)} MiB`;

/** Whether what is below this mount outlives a reboot. */
export const isOnDisk = ({ fstype }: MountFact): boolean => ON_DISK.test(fstype);

/** What etcd's data lies on. */
export const etcdMount = (mounts: NodeFacts['mounts']): MountFact | undefined =>
  mounts[PATHS.etcdData] ?? mounts['/var'] ?? mounts['/'];

/** What will be written below the two directories that take more than some kilobytes. */
function writesOf({ node, facts, push }: PreflightInput): Record<'/opt' | '/var', number> {
  const newEtcd = facts.marker === undefined && node.role === 'control-plane';
  return {
    '/opt': push.binaryBytes + push.imageBytes,
    '/var': push.imageBytes * COPIES_IN_CONTAINERD + (newEtcd ? ETCD_BYTES : 0),
  };
}

interface Filesystem {
  mount: MountFact;
  bytes: number;
}

/** The filesystems written to, each with all that it has to take. */
function filesystemsOf(input: PreflightInput): Filesystem[] {
  const byPath = new Map<string, Filesystem>();
  for (const [directory, bytes] of Object.entries(writesOf(input))) {
    const mount = input.facts.mounts[directory] ?? input.facts.mounts['/'];
    if (mount === undefined) continue;
    byPath.set(mount.path, { mount, bytes: (byPath.get(mount.path)?.bytes ?? 0) + bytes });
  }
  return [...byPath.values()];
}

export const checkMemory: Check = (input) => {
  const { facts, node } = input;
  const onDisk = filesystemsOf(input).filter(({ mount }) => isOnDisk(mount));
  const written = Object.values(writesOf(input)).reduce((sum, bytes) => sum + bytes, 0);
  const inRam = onDisk.reduce((left, { bytes }) => left - bytes, written);
  const needed = inRam + (facts.marker === undefined ? PROCESS_BYTES[node.role] : 0);
  if (facts.memAvailableBytes >= needed) return [];
  return error(
    'too-little-memory',
    `${mib(facts.memAvailableBytes)} of memory are available, ${mib(needed)} are needed for a ${node.role}`,
    'RAM is the disk here: give the machine more, or make it a worker',
  );
};

export const checkSpace: Check = (input) => {
  const fresh = input.facts.marker === undefined;
  return filesystemsOf(input).flatMap(({ mount, bytes }): NodeFinding[] => {
    const needed = bytes + (fresh ? HEADROOM_BYTES : 0);
    const kind = `${mount.path} (${mount.fstype})`;
    const space = `${kind} has ${mib(mount.availableBytes)} free, ${mib(needed)} are needed`;
    const inodes = `${kind} has ${mount.inodesFree} free inodes, ${INODES_NEEDED} are needed`;
    const hint = enlargeHint(mount);
    return [
      ...(mount.availableBytes < needed ? error('too-little-space', space, hint) : []),
      ...(fresh && mount.inodes > 0 && mount.inodesFree < INODES_NEEDED ? error('too-few-inodes', inodes, hint) : []),
    ];
  });
};

export interface RestoreRoom {
  facts: Pick<NodeFacts, 'mounts' | 'memAvailableBytes' | 'etcdData'>;
  /** What a restore takes there at its peak. */
  bytes: number;
  /** What lies there goes first. */
  wipes: boolean;
}

/** A restore that runs out of room on the node has given up what was there before. */
export function checkRestoreRoom({ facts, bytes, wipes }: RestoreRoom): NodeFinding[] {
  const { mounts, memAvailableBytes, etcdData } = facts;
  const mount = etcdMount(mounts);
  if (mount === undefined) return [];
  const freed = wipes ? (etcdData.bytes ?? 0) : 0;
  const free = mount.availableBytes + freed;
  const what = `${mib(bytes)} are needed to restore etcd's data`;
  if (free < bytes) {
    const where = `${mount.path} (${mount.fstype})`;
    return error('too-little-space', `${where} has ${mib(free)} free, ${what}`, enlargeHint(mount));
  }
  const memory = memAvailableBytes + freed;
  if (isOnDisk(mount) || memory >= bytes) return [];
  const hint = 'RAM is the disk here: give the machine more, or end what takes it';
  return error('too-little-memory', `${mib(memory)} of memory are available, ${what}`, hint);
}

function enlargeHint(mount: MountFact): string {
  return mount.fstype === 'tmpfs'
    ? `enlarge it: mount -o remount,size=80%,nr_inodes=0 ${mount.path} (on Flatcar the kernel argument rootflags=size=80%)`
    : 'free some space, or enlarge the filesystem';
}
