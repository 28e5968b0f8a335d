import { mkdtempSync, renameSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SnapshotInfo } from '../../src/backup/snapshot-info.js';
import type { RunEvent } from '../../src/runner/events.js';
import { createRandom } from '../helpers/synthetic-run/random.js';
import { testSeed } from '../helpers/test-seed.js';
import { said } from './helpers/cli.js';
import { createWorld, type World } from './helpers/cluster-world.js';
import { startDaemon } from './helpers/daemon.js';
import { memberList, voters } from './helpers/etcd-members.js';
import { changing, finished, noted, runUntil, started } from './helpers/interrupt.js';
import { expectKept, startLedger } from './helpers/ledger.js';
import { AT_PAGE, isFollowed } from './helpers/serve-page.js';
import { deployEcho, expectEcho } from './helpers/workload.js';

/*
 * All control planes lose power at once, and with it all of etcd's data: the cluster comes back from its last snapshot. A
 * ledger says what was acknowledged before that was taken: none of it may be missing, whatever happens in between.
 */

const MEMBERS = ['s4', 's5', 's6'];
const VOTERS = voters(...MEMBERS);
const ALL = [...MEMBERS, 's7'];
let world: World;
/** Names of config maps that were acknowledged before the last snapshot. */
const ledger: string[] = [];

beforeAll(async () => {
  world = await createWorld(
    'e2e-total-loss',
    ALL.map((name) => ({ name })),
  );
  await world.up(['--hosts', 's[4-7]', '--control-plane', MEMBERS.join(',')]);
  await deployEcho(world.operator, ALL.length);
});
afterAll(() => world?.down());

async function write(): Promise<string> {
  const name = `entry-${ledger.length}`;
  await world.operator.kubectl('create', 'configmap', name);
  ledger.push(name);
  return name;
}

async function backUp(): Promise<SnapshotInfo> {
  const { exit, stdout, ...rest } = await world.operator.run(['backup', '--output', 'json']);
  expect(exit, said({ exit, stdout, ...rest })).toBe(0);
  return JSON.parse(stdout).snapshot as SnapshotInfo;
}

async function entries(): Promise<string[]> {
  const text = await world.operator.kubectl('get', 'configmaps', '-o', 'jsonpath={.items[*].metadata.name}');
  return text.split(' ').filter((name) => name.startsWith('entry-'));
}

const powerCut = (): Promise<void> => world.lab.reboot(MEMBERS, { power: true });
const expectLedger = async () => expect((await entries()).toSorted()).toEqual(ledger.toSorted());
const messages = (events: readonly RunEvent[]): string =>
  events.flatMap((event) => (event.type === 'note' ? [event.message] : [])).join('\n');

/** A pod of its own on the worker, which counts in an emptyDir. */
async function countingPod(name: string): Promise<void> {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      nodeName: 's7',
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: 'echo',
          image: 'k8s-diskless.test/echo:1',
          imagePullPolicy: 'Never',
          volumeMounts: [{ name: 'own', mountPath: '/own' }],
        },
      ],
      volumes: [{ name: 'own', emptyDir: {} }],
    },
  };
  await world.operator.kubectlWith(JSON.stringify(pod), 'apply', '-f', '-');
  await world.operator.kubectl('wait', '--for=condition=Ready', `pod/${name}`, '--timeout=60s');
}

/** IDs of the containers that run on the worker. */
async function containers(): Promise<string[]> {
  const { stdout } = await world.lab.exec('s7', ['ctr', '-n', 'k8s.io', 'tasks', 'ls', '-q']);
  return stdout.trim().split('\n');
}

async function containerOf(pod: string): Promise<string> {
  const path = '{.status.containerStatuses[0].containerID}';
  return (await world.operator.kubectl('get', 'pod', pod, '-o', `jsonpath=${path}`)).replace('containerd://', '');
}

/** As apiservers take it. */
async function userOf(token: string): Promise<string> {
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } };
  const path = 'jsonpath={.status.user.username}';
  return (await world.operator.kubectlWith(JSON.stringify(review), 'create', '-f', '-', '-o', path)).trim();
}

describe('every control plane loses power', () => {
  it('up keeps a snapshot of what it changed, and a plan says what would be restored', async () => {
    const { exit, stdout, ...rest } = await world.operator.run(['backups', '--output', 'json']);
    expect(exit, said({ exit, stdout, ...rest })).toBe(0);
    expect(JSON.parse(stdout).backups).toMatchObject([{ incarnation: 1, reason: 'up', problems: [] }]);
  });

  it('all that was written before the snapshot comes back; what came after it is said to be lost', async () => {
    await write();
    await world.operator.kubectl('create', 'secret', 'generic', 'sealed', '--from-literal=word=kept');
    const token = await world.operator.kubectl('create', 'token', 'default', '--duration=1h');
    await countingPod('stays');
    const stays = await containerOf('stays');
    const snapshot = await backUp();
    await countingPod('unknown');
    const unknown = await containerOf('unknown');
    await world.operator.kubectl('create', 'configmap', 'after-the-snapshot');
    await powerCut();
    const { exit, events, ...rest } = await world.operator.events(['up']);
    expect(exit, said({ exit, ...rest })).toBe(0);
    expect(messages(events)).toContain(`restoring the snapshot ${snapshot.id}`);
    expect(messages(events)).toContain('what was written after it is lost');
    await expectLedger();
    await expect(world.operator.kubectl('get', 'configmap', 'after-the-snapshot')).rejects.toThrow(/NotFound/);
    expect(await world.operator.kubectl('get', 'secret', 'sealed', '-o', 'jsonpath={.data.word}')).toBe(
      Buffer.from('kept').toString('base64'),
    );
    expect(await userOf(token)).toBe('system:serviceaccount:default:default');
    expect(await memberList(world.lab)).toEqual(VOTERS);
    expect(messages(events)).toContain('the restored past does not know these pods, and they end: default/unknown');
    // Those of the past run through with their volumes; those that it does not know end.
    expect(await containerOf('stays')).toBe(stays);
    expect(await containers()).toContain(stays);
    await expect.poll(containers, { timeout: 60_000 }).not.toContain(unknown);
    await expectEcho(world, ALL);
    expect((await world.up()).changed).toBe(0);
  });

  it('only living apiservers are in the kubernetes Service', async () => {
    const path = '{.items[*].endpoints[*].addresses[0]}';
    const slices = ['get', 'endpointslices', '-l', 'kubernetes.io/service-name=kubernetes', '-o', `jsonpath=${path}`];
    const addresses = (await world.operator.kubectl(...slices)).split(' ');
    expect(addresses.toSorted()).toEqual((await nodeAddresses()).toSorted());
  });
});

async function nodeAddresses(): Promise<string[]> {
  const path = '{.items[*].status.addresses[?(@.type=="InternalIP")].address}';
  const label = 'node-role.kubernetes.io/control-plane';
  return (await world.operator.kubectl('get', 'nodes', '-l', label, '-o', `jsonpath=${path}`)).split(' ');
}

describe('the operator is killed in the middle of a restore', () => {
  const MOMENTS: [string, (event: RunEvent) => boolean][] = [
    ['it was recorded', finished('record')],
    ['the data directories are claimed', changing(/claim the etcd data directory/)],
    ['the first data directory is made', changing(/restore etcd data/)],
    ['etcd starts over it', changing(/start etcd\.service/)],
    ['the quorum is asked for', started('quorum')],
    ['what was restored is kept in a snapshot', noted('snapshot-kept')],
    ['the quorum was recorded', finished('quorum')],
    ['the API server starts', changing(/start kube-apiserver\.service/)],
  ];

  it.each(createRandom(testSeed()).shuffled(MOMENTS))(
    '%s: the next up goes on with it, and nothing is lost',
    async (_title, moment) => {
      await write();
      await backUp();
      await powerCut();
      const killed = await runUntil(world.operator, ['up'], { at: moment });
      expect(killed.reached, said(killed)).toBe(true);
      await world.up();
      await expectLedger();
      expect(await memberList(world.lab)).toEqual(VOTERS);
      expect((await world.up()).changed).toBe(0);
    },
  );

  it('what the change log has was written: the next up goes on with it, and nothing is lost', async () => {
    await write();
    await backUp();
    const daemon = startDaemon(world.operator, AT_PAGE);
    const written = startLedger(world.operator, 'logged');
    let cutAt: number;
    try {
      await expect.poll(isFollowed, { timeout: 120_000 }).toBe(true);
      await written.until(written.acknowledged.size + 20);
      cutAt = Date.now();
    } finally {
      await daemon.end('SIGKILL');
    }
    await powerCut();
    await written.end();
    const killed = await runUntil(world.operator, ['up'], { at: noted('log-replayed') });
    expect(killed.reached, said(killed)).toBe(true);
    await world.up();
    await expectLedger();
    await expectKept(world.operator, written, cutAt);
    expect(await memberList(world.lab)).toEqual(VOTERS);
  }, 600_000);

  it('and machines lose power again: it begins anew, from the same snapshot', async () => {
    await write();
    const { id } = await backUp();
    await powerCut();
    const killed = await runUntil(world.operator, ['up'], { at: changing(/start etcd\.service/) });
    expect(killed.reached, said(killed)).toBe(true);
    await world.lab.reboot(['s5'], { power: true });
    const { exit, events, ...rest } = await world.operator.events(['up']);
    expect(exit, said({ exit, ...rest })).toBe(0);
    expect(messages(events)).toContain(`restoring the snapshot ${id}`);
    await expectLedger();
    expect(await memberList(world.lab)).toEqual(VOTERS);
  });
});

describe('a past that cannot be restored is never begun empty', () => {
  let aside: string;
  beforeAll(() => {
    aside = mkdtempSync(join(tmpdir(), 'k8s-diskless-aside-'));
  });
  afterAll(() => rmSync(aside, { recursive: true, force: true }));

  async function refused(...args: string[]): Promise<{ message: string; hint: string }> {
    const { exit, events, ...rest } = await world.operator.events(['up', ...args]);
    expect(exit, said({ exit, ...rest })).toBe(5);
    const end = events.find((event) => event.type === 'run-finished');
    if (end?.type !== 'run-finished' || end.error === undefined) throw new Error('no error was told');
    return { message: end.error.message, hint: end.error.hint ?? '' };
  }

  it('a word for lost machines is refused over living ones', async () => {
    expect((await refused('--empty')).message).toContain('--empty is for control planes that have all lost their data');
  });

  it('the newest snapshot is damaged: the one before is named, and taken by a person’s word', async () => {
    const before = await backUp();
    await world.operator.kubectl('create', 'configmap', 'in-the-damaged-one');
    const damaged = await backUp();
    await powerCut();
    truncateSync(join(world.operator.stateDir, 'snapshots', `${damaged.id}.db`), 5000);
    const { message, hint } = await refused();
    expect(message).toContain(`the snapshot ${damaged.id} is damaged`);
    expect(hint).toContain(`--snapshot ${before.id}`);
    await world.up(['--snapshot', before.id]);
    await expectLedger();
    const { revision: once } = await backUp();
    await powerCut();
    await world.up(['--snapshot', before.id]);
    const { revision: twice } = await backUp();
    // Those who watched the first life that came of it are told that their revision is gone.
    expect(BigInt(twice) - BigInt(once)).toBeGreaterThan(900_000_000n);
  });

  it('all snapshots are gone: it is refused, and begun empty by a person’s word', async () => {
    await backUp();
    const snapshots = join(world.operator.stateDir, 'snapshots');
    renameSync(snapshots, join(aside, 'snapshots'));
    await powerCut();
    const { message, hint } = await refused();
    expect(message).toMatch(/the snapshot \S+ is missing/);
    expect(hint).toContain('--empty');
    await world.up(['--empty']);
    expect(await entries()).toEqual([]);
  });
});
