import { basename, dirname, join } from 'node:path';
import { usageError } from '../../src/errors.js';

/** Run directories of all labs of this machine. */
export const RUN_ROOT = '/run/k8s-diskless-lab';

/** Begins the name of everything a lab makes outside its run directory: network namespaces, cgroups, links. */
const PREFIX = 'kdl';

export const DEFAULT_LAB = 'lab';

const LAB_NAME = /^[a-z][a-z0-9-]{0,30}$/;
/** A bridge port is called `NAME.1`, and Linux allows 15 characters for a link. */
const NODE_NAME = /^[a-z][a-z0-9-]{0,11}[a-z0-9]$|^[a-z]$/;
/** Words that stand for something else where node names are expected, or name a namespace of the lab itself. */
const RESERVED = new Set(['operator', 'switch', 'router', 'all', 'lab']);

export function checkLabName(name: string): string {
  if (LAB_NAME.test(name)) return name;
  throw usageError({
    code: 'lab-name-invalid',
    message: `${JSON.stringify(name)} cannot name a lab`,
    hint: 'use a-z, 0-9 and "-", beginning with a letter, at most 31 characters',
  });
}

export function checkNodeName(name: string): string {
  if (NODE_NAME.test(name) && !RESERVED.has(name)) return name;
  throw usageError({
    code: 'lab-node-name-invalid',
    message: `${JSON.stringify(name)} cannot name a lab node`,
    hint: `use a-z, 0-9 and "-", beginning with a letter, at most 13 characters, none of: ${[...RESERVED].join(', ')}`,
  });
}

/** The lab's name holds no dot, so no lab's prefix begins another's. */
export function labPrefix(lab: string): string {
  return `${PREFIX}.${lab}.`;
}

/** Of a node, or of `switch` and `router`, the namespaces of the lab itself. */
export function namespaceOf(lab: string, owner: string): string {
  return labPrefix(lab) + owner;
}

/** Name of the node's directory below the cgroup the lab was started in, the same in every hierarchy. */
export function cgroupOf(lab: string, node: string): string {
  return labPrefix(lab) + node;
}

/** The operator's end of its cable, in the machine's own network namespace. */
export function operatorLink(index: number): string {
  return `${PREFIX}${index}`;
}

/** The node's bridge port in the switch namespace, one per NIC. */
export function portOf(node: string, nic: number): string {
  return nic === 0 ? node : `${node}.${nic}`;
}

export interface LabPaths {
  root: string;
  /** The lab's plan as JSON. */
  plan: string;
  /** Mount point of a layer of the /usr that all nodes share. */
  usrLayer(squashfs: string): string;
  key: string;
  sshConfig: string;
  /** For `k8s-diskless`: what it remembers of the cluster on this lab. */
  state: string;
  /** Rules of the switch: who may not reach whom. */
  partitions: string;
  node(name: string): NodePaths;
}

export interface NodePaths {
  root: string;
  /** `PID START` of the launcher; START is field 22 of /proc/PID/stat, so that a reused PID is not mistaken for it. */
  launcher: string;
  /** `PID START` of the systemd-nspawn of the current boot. */
  nspawn: string;
  /** What the launcher does when the machine is gone: `on` boots only if a reboot was asked for, `cycle` boots, `off` ends. */
  power: string;
  /** Console of all boots and what the launcher says. */
  log: string;
  /** Link shape and SSH faults in force, as JSON; survives reboots. */
  disturbance: string;
}

export function labPaths(lab: string): LabPaths {
  const root = join(RUN_ROOT, lab);
  return {
    root,
    plan: join(root, 'lab.json'),
    usrLayer: (squashfs) => join(root, 'usr', basename(dirname(squashfs))),
    key: join(root, 'id_ed25519'),
    sshConfig: join(root, 'ssh_config'),
    state: join(root, 'state'),
    partitions: join(root, 'partitions.json'),
    node: (name) => nodePaths(join(root, 'nodes', name)),
  };
}

function nodePaths(root: string): NodePaths {
  return {
    root,
    launcher: join(root, 'launcher.pid'),
    nspawn: join(root, 'nspawn.pid'),
    power: join(root, 'power'),
    log: join(root, 'console.log'),
    disturbance: join(root, 'disturbance.json'),
  };
}
