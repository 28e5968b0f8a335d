import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Finished, said } from './helpers/cli.js';
import { createWorld, type World } from './helpers/cluster-world.js';
import { runUntil, started } from './helpers/interrupt.js';

/* People as they meet the cluster: each in a namespace of their own, and nowhere else. */

const CLASS = 200;
let world: World;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'k8s-diskless-users-'));
  world = await createWorld('e2e-users', [{ name: 's4' }, { name: 's5' }]);
  await world.up(['--hosts', 's4,s5', '--control-plane', 's4']);
});
afterAll(async () => {
  await world?.down();
  await rm(directory, { recursive: true });
});

const beside = (name: string): string => join(directory, name);

async function users(args: readonly string[], exit = 0): Promise<Finished> {
  const finished = await world.operator.run(['users', ...args]);
  expect(finished.exit, said(finished)).toBe(exit);
  return finished;
}

async function apply(csv: string, exit = 0): Promise<Finished> {
  const file = beside('class.csv');
  await writeFile(file, csv);
  return users(['apply', file], exit);
}

async function kubeconfigOf(name: string, file: string): Promise<string> {
  const path = beside(file);
  await users(['kubeconfig', name, '--out', path, '--force']);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  return path;
}

/** What somebody is told: the last --kubeconfig counts. */
const as = (kubeconfig: string, ...args: string[]): Promise<string> =>
  world.operator.kubectl(...args, '--kubeconfig', kubeconfig).catch((error: Error) => error.message);
const make = (kubeconfig: string, object: object): Promise<string> =>
  world.operator
    .kubectlWith(JSON.stringify(object), 'create', '-f', '-', '--kubeconfig', kubeconfig)
    .catch((error: Error) => error.message);

const container = {
  name: 'main',
  image: 'registry.k8s.io/pause:3.10',
  securityContext: {
    allowPrivilegeEscalation: false,
    runAsNonRoot: true,
    runAsUser: 1000,
    capabilities: { drop: ['ALL'] },
    seccompProfile: { type: 'RuntimeDefault' },
  },
};
const pod = (name: string, spec: object = {}, of: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { containers: [{ ...container, ...of }], ...spec },
});
const api = (): Promise<string> =>
  world.lab.exec('s4', ['systemctl', 'show', '-p', 'MainPID', 'kube-apiserver']).then(({ stdout }) => stdout);

let ada: string;

it('a user of a file works in a namespace with limits, and is refused elsewhere', async () => {
  await apply('name,group,quota\nada,algebra,pods=2\nbob,algebra,\n');
  ada = await kubeconfigOf('ada', 'ada');
  expect(await as(ada, 'create', 'configmap', 'hers')).toContain('created');
  for (const args of [
    ['get', 'secrets', '-n', 'bob'],
    ['get', 'secrets', '-n', 'kube-system'],
    ['get', 'nodes'],
    ['get', '--raw', '/api/v1/nodes/s5/proxy/pods'],
    ['create', 'token', 'default', '-n', 'bob'],
    ['create', 'rolebinding', 'more', '--clusterrole=admin', '--user=ada'],
    ['delete', 'resourcequota', '--all'],
    ['label', 'namespace', 'ada', 'pod-security.kubernetes.io/enforce=privileged', '--overwrite'],
  ]) {
    expect(await as(ada, ...args), args.join(' ')).toMatch(/forbidden/i);
  }
});

it('what would reach a node is not admitted, and the quota holds', async () => {
  const host = { hostPath: { path: '/' }, name: 'root' };
  expect(await make(ada, pod('path', { volumes: [host] }))).toContain('violates PodSecurity');
  expect(await make(ada, pod('net', { hostNetwork: true }))).toContain('violates PodSecurity');
  expect(await make(ada, pod('root', {}, { securityContext: { privileged: true } }))).toContain('violates PodSecurity');
  expect(await make(ada, pod('one'))).toContain('created');
  expect(await make(ada, pod('two'))).toContain('created');
  expect(await make(ada, pod('three'))).toContain('exceeded quota');
  const ephemeral = { ...container, name: 'debug', securityContext: { privileged: true } };
  const patch = JSON.stringify({ spec: { ephemeralContainers: [ephemeral] } });
  expect(await as(ada, 'patch', 'pod', 'one', '--subresource=ephemeralcontainers', '-p', patch)).toMatch(
    /violates PodSecurity|forbidden/i,
  );
  const port = { port: 80, protocol: 'TCP' };
  const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'out' } };
  expect(await make(ada, { ...service, spec: { type: 'NodePort', ports: [port] } })).toContain('exceeded quota');
  expect(await make(ada, { ...service, spec: { type: 'LoadBalancer', ports: [port] } })).toContain('exceeded quota');
});

it('a bad file changes nothing, and its places are named', async () => {
  const { stderr } = await apply('name,quota\ncarl,\nkube-dora,\nemil,cpu=much\n', 2);
  expect(stderr).toMatch(/class\.csv:3 name/);
  expect(stderr).toMatch(/class\.csv:4 quota\.cpu/);
  expect(await world.operator.kubectl('get', 'namespaces')).not.toContain('carl');
  await world.operator.kubectl('create', 'namespace', 'taken');
  expect((await apply('name\ncarl\ntaken\n', 5)).stderr).toContain('taken');
  expect((await users(['list'])).stdout).not.toContain('carl');
  expect((await users(['kubeconfig', 'nobody'], 2)).stderr).toContain('nobody');
});

it('up has nothing to do, and after a total loss the old kubeconfig works', async () => {
  expect((await world.up()).changed).toBe(0);
  await world.lab.reboot(['s4', 's5'], { power: true });
  await world.up();
  // The snapshot that came back may be older than the users: rights and limits are those of the operator's record.
  expect(await as(ada, 'create', 'configmap', 'after')).toContain('created');
  expect(await as(ada, 'get', 'resourcequotas')).toContain('k8s-diskless-user');
  expect(await as(ada, 'get', 'secrets', '-n', 'bob')).toMatch(/forbidden/i);
  expect((await world.up()).changed).toBe(0);
});

it('a name that was removed and comes back does not revive the old kubeconfig', async () => {
  await users(['remove', 'ada']);
  expect(await world.operator.kubectl('get', 'namespaces')).not.toMatch(/^ada /m);
  await apply('name\nada\n');
  expect(await as(ada, 'get', 'configmaps')).toMatch(/forbidden/i);
  ada = await kubeconfigOf('ada', 'ada-2');
  expect(await as(ada, 'create', 'configmap', 'again')).toContain('created');
});

it('an older snapshot does not give a removed name its rights back, not even until its step', async () => {
  const bob = await kubeconfigOf('bob', 'bob');
  expect(await as(bob, 'get', 'configmaps')).toContain('kube-root-ca');
  const { stdout } = await world.operator.run(['backup', '--output', 'json']);
  await users(['remove', 'bob']);
  await world.lab.reboot(['s4', 's5'], { power: true });
  const { reached } = await runUntil(world.operator, ['up', '--snapshot', JSON.parse(stdout).snapshot.id], {
    at: started('users'),
  });
  expect(reached).toBe(true);
  expect(await world.operator.kubectl('get', 'namespace', 'bob', '-o', 'name')).toContain('bob');
  expect(await as(bob, 'get', 'configmaps')).toMatch(/forbidden/i);
  await world.up();
  await expect.poll(() => world.operator.kubectl('get', 'namespaces', '-o', 'name')).not.toContain('namespace/bob');
});

it('another CA ends all of them without a restart, and up has nothing to do', async () => {
  const before = await api();
  await users(['rotate-ca']);
  await expect.poll(() => as(ada, 'get', 'configmaps'), { timeout: 90_000, interval: 500 }).toContain('logged in');
  expect(await api()).toBe(before);
  expect((await world.up()).changed).toBe(0);
  expect(await as(await kubeconfigOf('ada', 'ada-3'), 'get', 'configmaps')).toContain('again');
});

it(`a class of ${CLASS} is applied`, async () => {
  const names = Array.from({ length: CLASS }, (_, index) => `student-${index}`);
  const begun = performance.now();
  await apply(['name', ...names].join('\n'));
  process.stderr.write(`${CLASS} users applied in ${((performance.now() - begun) / 1000).toFixed(1)} s\n`);
  const found = await world.operator.kubectl('get', 'rolebindings', '-A', '-l', 'k8s-diskless/user', '-o', 'name');
  expect(found.trim().split('\n')).toHaveLength(CLASS + 1);
});
