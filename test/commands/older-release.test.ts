import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ClusterRequest } from '../../src/app/requests.js';
import { PkiStore } from '../../src/pki/store.js';
import { readClusterRecord } from '../../src/state/record-files.js';
import { artifactsDirectory, rejection, temporaryDirectory } from '../artifacts/fixtures.js';
import { type Fleet, startFleet } from '../helpers/fake-node/fleet.js';
import { copyOlderState, edit, OLDER } from '../helpers/older-state.js';
import { VERSIONS, writeWithChecksum } from '../helpers/release-directory.js';
import { prepareUp, upUntilSent } from '../helpers/up-until-sent.js';
import { createOperator } from './cli.js';

/* A cluster of a minor that is no longer in the table, recorded by the release before. */

afterEach(() => vi.unstubAllEnvs());

/** Its four machines, blank as after a reboot. */
async function machines(): Promise<Fleet> {
  const fleet = await startFleet({ count: 4, names: OLDER.names, zstd: false, directory: temporaryDirectory() });
  onTestFinished(() => fleet.close());
  return fleet;
}

/** The first so many of them run on as they were. */
function keepRunning({ nodes }: Fleet, count: number): void {
  for (const node of nodes.slice(0, count)) node.etcd = OLDER;
}

const words = (text: string): string => text.replaceAll(/\s+/g, ' ');

describe('kubeconfig and kubectl', () => {
  it('are those of any cluster', async () => {
    const operator = createOperator();
    const state = copyOlderState(operator.stateDir);
    const text = readFileSync(state.kubeconfig, 'utf8');
    expect(await operator.run(['kubeconfig'])).toMatchObject({ exit: 0, stdout: text });
  });

  it('the program is of its own version, and asks a control plane that lives', async () => {
    const operator = createOperator();
    const state = copyOlderState(operator.stateDir);
    const record = await readClusterRecord(state);
    if (record === undefined) throw new Error('nothing is recorded');
    const pki = await PkiStore.open({
      directory: state.pki,
      mode: 'persistent',
      clusterExists: true,
      recorded: record.pki,
    });
    await pki.ensure({ spec: record.spec, nodes: [{ name: 's4', nodeIp: '127.0.0.1', controlPlane: true }] });
    const leaf = (end: string): Buffer => readFileSync(join(state.pki, `leaves/kube-apiserver@s4.${end}`));
    const server = createServer({ key: leaf('key'), cert: leaf('crt') }, (_request, response) => response.end('ok'));
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    onTestFinished(() => void server.close());
    edit(state.clusterFile, 'port: 7443', `port: ${(server.address() as AddressInfo).port}`);
    edit(join(state.nodes, 's4.json'), '10.146.225.4', '127.0.0.1');

    const artifacts = temporaryDirectory();
    for (const arch of ['amd64', 'arm64']) {
      const path = join(artifacts, `kubernetes/v1.20.2/bin/linux/${arch}/kubectl`);
      writeWithChecksum(path, Buffer.from('#!/bin/sh\necho "kubectl of 1.20.2: $*"\n'));
    }
    const { exit, stdout } = await operator.run(['kubectl', '--artifacts', artifacts, '--', 'get', 'nodes']);
    expect(stdout).toBe(`kubectl of 1.20.2: --kubeconfig ${state.kubeconfig} --context lab-s4 get nodes\n`);
    expect(exit).toBe(0);
  });
});

describe('up', () => {
  it.each([
    ['as recorded', []],
    ['whatever version is asked for', ['--kubernetes', '1.37.2']],
  ])('is refused before anything is touched, with the way on: %s', async (_title, more) => {
    const operator = createOperator();
    const state = copyOlderState(operator.stateDir);
    const before = readFileSync(state.clusterFile, 'utf8');
    const { exit, stderr } = await operator.run(['up', ...more]);
    expect(exit).toBe(5);
    const said = words(stderr);
    expect(said).toContain('the cluster lab is recorded with Kubernetes 1.20.2, and this release runs 1.32 to 1.37');
    expect(said).toContain('k8s-diskless 0.1.0 is the last release that runs it');
    expect(said).toContain('k8s-diskless up --kubernetes 1.37.2 --new-cluster');
    expect(readFileSync(state.clusterFile, 'utf8')).toBe(before);
  });
});

it('bench is refused in the same words before any machine is asked', async () => {
  const operator = createOperator();
  copyOlderState(operator.stateDir);
  const { exit, stderr } = await operator.run(['bench']);
  expect(exit).toBe(5);
  const said = words(stderr);
  expect(said).toContain('the cluster lab is recorded with Kubernetes 1.20.2, and this release runs 1.32 to 1.37');
  expect(said).toContain('k8s-diskless up --kubernetes 1.37.2 --new-cluster');
});

describe('plan', () => {
  it('looks at the machines, says what they hold, and what up would say', async () => {
    const fleet = await machines();
    keepRunning(fleet, 2);
    const operator = createOperator();
    copyOlderState(operator.stateDir);
    const { exit, stdout } = await operator.run(['plan', '--ssh-config', fleet.sshConfig]);
    expect(exit).toBe(5);
    const said = words(stdout);
    for (const line of ['s4: it holds etcd data of incarnation 1', 's5: it holds etcd data', 's6: it is blank']) {
      expect(said).toContain(line);
    }
    expect(said).toContain('up --kubernetes 1.37.2 --new-cluster');
    expect(fleet.nodes.flatMap(({ deliveries }) => deliveries)).toEqual([]);
  });
});

describe('up --kubernetes 1.37.2 --new-cluster', () => {
  async function scene() {
    const fleet = await machines();
    const state = copyOlderState(join(temporaryDirectory(), 'state'));
    vi.stubEnv('XDG_CACHE_HOME', join(temporaryDirectory(), 'cache'));
    const flags: Partial<ClusterRequest> = {
      kubernetes: VERSIONS.kubernetes,
      newCluster: true,
      artifacts: artifactsDirectory(),
      sshConfig: fleet.sshConfig,
      stateDir: state.root,
    };
    const { signal } = new AbortController();
    const up = async (changed: Partial<ClusterRequest> = {}) =>
      (await upUntilSent(await prepareUp({ ...flags, ...changed }, [], signal))).reports;
    return { fleet, state, up };
  }
  const errors = (reports: Awaited<ReturnType<Awaited<ReturnType<typeof scene>>['up']>>) =>
    reports.flatMap(({ error }) => error ?? []);

  it('begins the next incarnation on rebooted machines: new versions; hosts, PKI and addresses stay', async () => {
    const { fleet, state, up } = await scene();
    const before = await readClusterRecord(state);
    const authority = (): string => readFileSync(join(state.pki, 'ca/kubernetes.crt'), 'utf8');
    const ca = authority();
    expect(errors(await up())).toEqual([]);
    const after = await readClusterRecord(state);
    expect(after?.spec).toEqual({
      ...before?.spec,
      ...VERSIONS,
      sandboxImage: 'registry.k8s.io/pause:3.10.2',
      addons: { dns: { enabled: true, image: 'registry.k8s.io/coredns/coredns:v1.14.6', replicas: 2 } },
      ssh: { configFile: fleet.sshConfig },
    });
    expect(after).toMatchObject({
      clusterId: OLDER.clusterId,
      pki: before?.pki,
      etcd: { incarnation: 2, versionSince: 2, phase: 'bootstrapping', members: ['s4', 's5', 's6'] },
    });
    expect(after?.etcd.token).not.toBe(before?.etcd.token);
    expect(authority()).toBe(ca);
    for (const { deliveries } of fleet.nodes) {
      expect(deliveries).toMatchObject([{ clusterId: OLDER.clusterId, incarnation: 2 }]);
    }
  });

  it('is continued after an interruption, with the word repeated or without it', async () => {
    const { state, up } = await scene();
    await up();
    const { token } = (await readClusterRecord(state))?.etcd ?? {};
    expect(errors(await up())).toEqual([]);
    expect(errors(await up({ kubernetes: undefined, newCluster: false }))).toEqual([]);
    expect((await readClusterRecord(state))?.etcd).toMatchObject({ incarnation: 2, token });
  });

  it('is refused over data, which is named', async () => {
    const { fleet, state, up } = await scene();
    keepRunning(fleet, 2);
    const before = readFileSync(state.clusterFile, 'utf8');
    const [error] = errors(await up());
    expect(error).toMatchObject({ code: 'not-blank', exit: 5 });
    expect(error?.message).toContain('s4, s5 hold etcd data of the recorded cluster');
    expect(readFileSync(state.clusterFile, 'utf8')).toBe(before);
    expect(fleet.nodes.flatMap(({ deliveries }) => deliveries)).toEqual([]);
  });

  it('takes no version that the table does not have, and no etcd that is not safe', async () => {
    const { up } = await scene();
    expect(await rejection(up({ kubernetes: '1.31.14' }))).toMatchObject({ exit: 2 });
    const config = join(temporaryDirectory(), 'c.yaml');
    writeFileSync(config, 'cluster: lab\netcd: {version: 3.7.0}\n');
    const error = await rejection(up({ config, artifacts: undefined }));
    expect(error).toMatchObject({ exit: 2, message: expect.stringContaining('etcd 3.7.0 is older than 3.7.1') });
  });
});

it('an operating system that is no longer booted stays readable, and is refused by name where machines are to boot', async () => {
  const operator = createOperator();
  copyOlderState(operator.stateDir);
  const { exit, stderr } = await operator.run(['boot', 'render']);
  expect(exit).toBe(2);
  expect(words(stderr)).toContain('boot.os: coreos, CoreOS Container Linux of 2018, is no longer supported');
  expect(words(stderr)).toContain('use flatcar');
});
