import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, onTestFinished } from 'vitest';
import type { ClusterSpec } from '../../src/config/spec.js';
import type { PkiEnvironment } from '../../src/pki/environment.js';
import type { PkiNode } from '../../src/pki/leaf-request.js';
import { PkiStore } from '../../src/pki/store.js';
import type { PkiFingerprints } from '../../src/state/records.js';

const run = promisify(execFile);

export const NOW = new Date('2026-11-20T12:00:00.500Z');
export const DAY = 24 * 3_600_000;

export function daysLater(days: number): Date {
  return new Date(NOW.getTime() + days * DAY);
}

/** A clock that stands still and random bytes that are the same in every run. */
export function fixedEnvironment(now: Date = NOW): PkiEnvironment {
  let calls = 0;
  return {
    now: () => now,
    random: (size) => {
      calls += 1;
      return createHash('shake256', { outputLength: size }).update(String(calls)).digest();
    },
  };
}

export const THREE_NODES: PkiNode[] = [
  { name: 's4', nodeIp: '10.146.225.4', controlPlane: true },
  { name: 's5', nodeIp: '10.146.225.5', controlPlane: true },
  { name: 's6', nodeIp: '10.146.225.6', controlPlane: true },
];

export const ONE_CONTROL_PLANE: PkiNode[] = THREE_NODES.map((node) => ({ ...node, controlPlane: node.name === 's4' }));

export function specFor(nodes: PkiNode[], extraSans: string[] = ['api.lab.example', 'fd00:146::4']): ClusterSpec {
  return {
    name: 'default',
    kubernetes: '1.37.2',
    etcd: '3.5.24',
    cni: '1.10.0',
    nodes: nodes.map(({ name, controlPlane }, index) => ({
      name,
      role: controlPlane ? 'control-plane' : 'worker',
      ssh: { host: name },
      labels: {},
      podCidr: `10.244.${index}.0/24`,
    })),
    network: {
      mode: 'routed',
      podCidr: '10.244.0.0/16',
      nodePrefix: 24,
      serviceCidr: '10.96.0.0/16',
      apiAddress: '172.31.255.1',
      clusterDomain: 'cluster.local',
      dnsAddress: '10.96.0.10',
    },
    taintControlPlane: false,
    readyTimeout: 180_000,
    apiServer: { port: 6443, extraSans, extraArgs: {} },
    controllerManager: { extraArgs: {} },
    scheduler: { extraArgs: {} },
    kubelet: { extraConfig: {} },
    kubeProxy: { mode: 'iptables' },
    etcdServer: { extraArgs: {}, quotaBackendBytes: 1 << 30 },
    sandboxImage: 'registry.k8s.io/pause:3.10',
    addons: { dns: { enabled: true, image: 'registry.k8s.io/coredns/coredns:v1.11.3', replicas: 2 } },
    backup: { keep: 24, keepDays: 30, copyPlain: false, copyKeep: 24, copyKeepDays: 30 },
  };
}

/** pki/ inside a state directory that is removed when the test ends. */
export async function temporaryPki(): Promise<string> {
  const state = await mkdtemp(join(tmpdir(), 'k8s-diskless-pki-'));
  onTestFinished(() => rm(state, { recursive: true, force: true }));
  return join(state, 'pki');
}

interface OpenOptions {
  now?: Date;
  mode?: 'persistent' | 'memory';
  clusterExists?: boolean;
  recorded?: PkiFingerprints;
}

export function openStore(directory: string, options: OpenOptions = {}): Promise<PkiStore> {
  const { now = NOW, mode = 'persistent', clusterExists = false, recorded } = options;
  return PkiStore.open({ directory, mode, clusterExists, recorded, environment: fixedEnvironment(now) });
}

/** A PKI on disk, as a first `up` leaves it: another one for each call. */
export async function newPki(nodes: PkiNode[] = ONE_CONTROL_PLANE): Promise<string> {
  const directory = await temporaryPki();
  const store = await openStore(directory);
  await store.ensure({ spec: specFor(nodes), nodes });
  return directory;
}

const template = mkdtemp(join(tmpdir(), 'k8s-diskless-pki-template-'));
let filled: Promise<unknown> | undefined;
afterAll(async () => rm(await template, { recursive: true, force: true }));

/** A copy of one PKI for ONE_CONTROL_PLANE, made once per test file: durable writes cost more than all else here. */
export async function establishedPki(): Promise<string> {
  const source = join(await template, 'pki');
  filled ??= openStore(source).then((store) =>
    store.ensure({ spec: specFor(ONE_CONTROL_PLANE), nodes: ONE_CONTROL_PLANE }),
  );
  await filled;
  const directory = await temporaryPki();
  await cp(source, directory, { recursive: true });
  return directory;
}

/** Every entry below a directory, by what changes when it is written anew. */
export async function stamps(directory: string): Promise<string[]> {
  const names = (await readdir(directory, { recursive: true })).sort();
  return Promise.all(
    names.map(async (name) => {
      const { ino, mtimeMs, size } = await stat(join(directory, name));
      return `${name} ${ino} ${mtimeMs} ${size}`;
    }),
  );
}

/** Standard output; a failing openssl rejects with what it said. */
export async function openssl(...args: string[]): Promise<string> {
  return (await run('openssl', args)).stdout;
}
