import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DoctorReport } from '../../src/doctor/report.js';
import { PROGRAM } from '../helpers/program.js';
import { said } from './helpers/cli.js';
import { createWorld, type World } from './helpers/cluster-world.js';

/* `doctor` on a cluster that is well, and then with one thing broken after the other: each is named, and nothing is left. */

const NAMESPACE = 'k8s-diskless-doctor';
const UNIT = '/etc/systemd/system/k8s-diskless-node.service';

let world: World;

beforeAll(async () => {
  world = await createWorld(
    'e2e-doctor',
    ['s4', 's5', 's6'].map((name) => ({ name })),
  );
  await world.up(['--hosts', 's4,s5,s6', '--control-plane', 's4']);
});
afterAll(() => world?.down());

interface Told extends DoctorReport {
  v: number;
  healthy: boolean;
}

async function doctor(exit: number, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Told> {
  const finished = await world.operator.run(['doctor', '--output', 'json', ...args], env);
  expect(finished.exit, said(finished)).toBe(exit);
  return JSON.parse(finished.stdout) as Told;
}

const failed = ({ checks }: DoctorReport): string[] =>
  checks.flatMap(({ id, failures }) => (failures.length > 0 ? [id] : []));
const failuresOf = ({ checks }: DoctorReport, wanted: string) => checks.find(({ id }) => id === wanted)?.failures ?? [];
const pairsOf = (report: DoctorReport, id: string): string[] =>
  failuresOf(report, id)
    .map(({ from, to }) => `${from} ${to}`)
    .toSorted();
const onNode = async (node: string, command: string): Promise<string> =>
  (await world.lab.exec(node, ['bash', '-c', command])).stdout;

async function expectNothingLeft(): Promise<void> {
  const { operator, lab, nodes } = world;
  const names = await operator.kubectl('get', 'namespaces,validatingwebhookconfigurations', '-o', 'name');
  expect(names).not.toContain('doctor');
  for (const node of nodes) {
    const { stdout } = await lab.exec(node, ['ps', 'axww', '-o', 'args']);
    expect(stdout, node).not.toContain('systemd-socket-activate');
  }
}

/** Starts it, and sends it a signal when it says this. */
async function signalled(word: string, signal: NodeJS.Signals): Promise<number | null> {
  const child = spawn(process.execPath, [PROGRAM, 'doctor'], { env: world.operator.env, stdio: 'pipe' });
  let told = '';
  child.stdout.resume();
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    const before = told.includes(word);
    told += text;
    if (!before && told.includes(word)) child.kill(signal);
  });
  const [exit] = (await once(child, 'close')) as [number | null];
  expect(told).toContain(word);
  return exit;
}

describe('a cluster that is well', () => {
  it('is said to be, after all pairs were asked, and nothing is left', async () => {
    const report = await doctor(0);
    expect(report).toMatchObject({ v: 1, healthy: true, nodes: ['s4', 's5', 's6'] });
    expect(failed(report)).toEqual([]);
    const asked = Object.fromEntries(report.checks.map((check) => [check.id, check.asked]));
    expect(asked).toMatchObject({ 'pod-to-pod': 9, 'large-packets': 9, hairpin: 3, services: 15, 'node-ports': 18 });
    expect(asked).toMatchObject({ dns: 3, webhooks: 1, 'dns-outside': 0, 'pods-start': 3, clock: 3, resources: 3 });
    await expectNothingLeft();
  });

  it('a person reads one line for each check', async () => {
    const finished = await world.operator.run(['doctor']);
    expect(finished.exit, said(finished)).toBe(0);
    expect(finished.stdout).toMatch(/^✔ pod-to-pod: .* \(9\)$/m);
    expect(finished.stdout).toContain('nothing is wrong as far as was asked');
  });

  it('interrupted, it removes what it made; what a killed one left, the next one removes', async () => {
    expect(await signalled('sending traffic', 'SIGINT')).toBe(130);
    await expectNothingLeft();
    await signalled('sending traffic', 'SIGKILL');
    expect(await world.operator.kubectl('get', 'namespaces', '-o', 'name')).toContain(NAMESPACE);
    const left = {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: 'left', labels: { 'k8s-diskless/doctor': 'webhook' } },
    };
    await world.operator.kubectlWith(JSON.stringify(left), 'apply', '-f', '-');
    expect(failed(await doctor(0))).toEqual([]);
    const webhooks = await world.operator.kubectl('get', 'validatingwebhookconfigurations', '-o', 'name');
    expect(webhooks).not.toContain('left');
    await expectNothingLeft();
  });
});

describe('what is broken is named', () => {
  /** How what a test broke is mended. */
  let mend: () => Promise<unknown>;

  beforeEach(() => {
    mend = async () => {};
  });
  afterEach(() => mend());

  it('a pod route that is gone, where the node’s unit is masked: the pair, both ways', async () => {
    const pods = (await world.operator.kubectl('get', 'node', 's5', '-o', 'jsonpath={.spec.podCIDR}')).trim();
    mend = () => world.up();
    await onNode('s6', `systemctl stop k8s-diskless-node; ln -sf /dev/null ${UNIT}; systemctl daemon-reload`);
    await onNode('s6', `ip route del ${pods}`);
    const report = await doctor(4);
    // Answers go the way that is not there, too.
    expect(pairsOf(report, 'pod-to-pod')).toEqual(['s5 s6', 's6 s5']);
    expect(pairsOf(report, 'node-ways')).toContain('s6 s5');
    expect(failuresOf(report, 'nodes').map(({ from, why }) => `${from} ${why}`)).toEqual([
      's6 node does not run',
      `s6 route to ${pods} is missing`,
    ]);
    expect(failed(report)).not.toContain('hairpin');
    const text = await world.operator.run(['doctor']);
    expect(text.stdout.replaceAll(/\s+/g, ' ')).toMatch(/✖ pod-to-pod: 2 of 9: .* s5 → s6: .* reason: .* remedy: /);
  });

  it('kube-proxy that does not run: the node from which no service is reached', async () => {
    mend = () => world.up();
    await onNode('s6', 'systemctl stop kube-proxy');
    const report = await doctor(4);
    expect(failuresOf(report, 'nodes')).toEqual([{ from: 's6', what: '', why: 'kube-proxy does not run' }]);
    expect(failuresOf(report, 'pods-start')).toEqual([]);
    expect(new Set(failuresOf(report, 'services').map(({ from }) => from))).toEqual(new Set(['s6']));
    expect(pairsOf(report, 'hairpin')).toEqual(['s6 s6']);
    expect(failed(report)).not.toContain('pod-to-pod');
  });

  it('a cluster DNS without pods', async () => {
    const scale = (replicas: number) =>
      world.operator.kubectl('-n', 'kube-system', 'scale', 'deployment/coredns', `--replicas=${replicas}`);
    const rollout = ['-n', 'kube-system', 'rollout', 'status', 'deployment/coredns', '--timeout=90s'];
    mend = async () => {
      await scale(2);
      await world.operator.kubectl(...rollout);
    };
    await scale(0);
    await world.operator.kubectl('-n', 'kube-system', 'wait', '--for=delete', 'pod', '-l', 'k8s-app=kube-dns');
    const report = await doctor(4);
    expect(failed(report)).toEqual(['node-ways', 'dns']);
    expect(new Set(failuresOf(report, 'dns').map(({ from }) => from))).toEqual(new Set(world.nodes));
  });

  it('a name outside of the cluster that nobody knows: the name servers of nodes are the lab’s, which are not there', async () => {
    const report = await doctor(4, ['--outside', 'example.org']);
    expect(failed(report)).toEqual(['dns-outside']);
    expect(failuresOf(report, 'dns-outside')).toHaveLength(3);
  });

  it('clocks that are not the operator’s', async () => {
    const later = 'const real = Date.now; Date.now = () => real() - 600000;';
    const report = await doctor(4, [], { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(later)}` });
    expect(failed(report)).toEqual(['clock']);
    expect(failuresOf(report, 'clock').map(({ from, why }) => `${from} ${why}`)).toEqual(
      world.nodes.map((node) => expect.stringMatching(new RegExp(`^${node} its clock is (599|600|601) s ahead`))),
    );
  });

  it('an alarm of etcd, with which nothing can be written', async () => {
    const alarm = (action: string) =>
      onNode(
        's4',
        `cd /etc/kubernetes/pki; curl -sS --cacert etcd/ca.crt --cert apiserver-etcd-client.crt --key apiserver-etcd-client.key \
          -d '{"action":"${action}","memberID":"0","alarm":"NOSPACE"}' https://127.0.0.1:2379/v3/maintenance/alarm`,
      );
    mend = () => alarm('DEACTIVATE');
    await alarm('ACTIVATE');
    const report = await doctor(4);
    expect(failuresOf(report, 'etcd-alarms')).toMatchObject([{ from: 's4', why: expect.stringContaining('NOSPACE') }]);
    expect(failed(report)).toContain('pods-start');
    await mend();
    expect(failed(await doctor(0))).toEqual([]);
  });

  it('a node that lost power, and it does not wait for it', async () => {
    await world.lab.powerOff(['s6']);
    const report = await doctor(4);
    expect(report.nodes).toEqual(['s4', 's5']);
    expect(failuresOf(report, 'nodes')).toMatchObject([{ from: 's6', why: expect.stringContaining('cannot be') }]);
    expect(report.checks.find(({ id }) => id === 'pod-to-pod')).toMatchObject({ asked: 4, failures: [] });
  });
});
