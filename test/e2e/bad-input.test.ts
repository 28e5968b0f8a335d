import { randomBytes } from 'node:crypto';
import { readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { PkiStore } from '../../src/pki/store.js';
import { readClusterRecord } from '../../src/state/record-files.js';
import { stateDirAt } from '../../src/state/state-dir.js';
import { said } from './helpers/cli.js';
import { createWorld, type World } from './helpers/cluster-world.js';
import { nodeSnapshot } from './helpers/snapshot.js';

/* What cannot work is said clearly, with the exit code for it, and changes nothing anywhere. */

let world: World;
let blank: string[];

const AWKWARD: [string, string, string][] = [
  ['s11', 'no-sudo', 'sudo-needs-password'],
  ['s12', 'sudo-password', 'sudo-needs-password'],
  ['s13', 'little-memory=300m', 'too-little-memory'],
  ['s14', 'root-free=100m', 'too-little-space'],
  ['s15', 'root-free-inodes=500', 'too-few-inodes'],
  ['s16', 'port-taken=10250', 'port-taken'],
  ['s17', 'read-only=/opt', 'read-only'],
  ['s18', 'hide=curl', 'tools-missing'],
];

beforeAll(async () => {
  const awkward = AWKWARD.map(([name, option]) => ({ name, options: [option] }));
  world = await createWorld('e2e-bad', [{ name: 's4' }, { name: 's5' }, ...awkward]);
  blank = await snapshots();
});
afterAll(() => world?.down());

const snapshots = (): Promise<string[]> => Promise.all(world.nodes.map((node) => nodeSnapshot(world.lab, node)));

/** Without the network links: pods come and go with theirs while a cluster lives. */
const installed = async (): Promise<string[]> =>
  (await snapshots()).flatMap((text) => text.split('\n').filter((line) => line.startsWith('/')));

async function refused(args: string[], exit: number): Promise<string> {
  const finished = await world.operator.run(['up', ...args, '--output', 'plain']);
  expect(finished.exit, said(finished)).toBe(exit);
  return finished.stdout + finished.stderr;
}

/** A whole pki/ as `up` would have made it on that day. */
async function makePki(directory: string, madeAt: Date): Promise<void> {
  const record = await readClusterRecord(stateDirAt(world.operator.stateDir));
  if (record === undefined) throw new Error('no cluster is recorded');
  const environment = { now: () => madeAt, random: randomBytes };
  const store = await PkiStore.open({ directory, mode: 'persistent', clusterExists: false, environment });
  await store.ensure({ spec: record.spec, nodes: [] });
}

describe('input that is wrong by itself ends with 2 before any connection is made', () => {
  const cases: [string, string[], string][] = [
    ['an even number of control planes', ['--hosts', 's4,s5', '--control-plane', 's4,s5'], 'an etcd of 2'],
    ['an unknown control plane', ['--hosts', 's4,s5', '--control-plane', 's9'], 's9'],
    ['a host twice', ['--hosts', 's4,s4'], 's4'],
    ['a version outside the table', ['--hosts', 's4', '--kubernetes', '1.99.0'], '1.99.0'],
    ['a version that is not in the directory', ['--hosts', 's4', '--kubernetes', '1.36.0'], '1.36.0'],
    ['no such images directory', ['--hosts', 's4', '--images', '/nonexistent'], '/nonexistent'],
    ['no such ssh config', ['--hosts', 's4', '--ssh-config', '/nonexistent'], '/nonexistent'],
    ['no hosts at all', [], '--hosts'],
  ];
  it.each(cases)('%s', async (_title, args, word) => {
    expect(await refused(args, 2)).toContain(word);
    expect(await readdir(world.operator.stateDir)).toEqual([]);
    expect(await snapshots()).toEqual(blank);
  });

  it('a config file, with file, line, column and a suggestion', async () => {
    const config = `${world.operator.stateDir}-bad.yaml`;
    onTestFinished(() => rm(config));
    await writeFile(config, 'hosts: [s4]\nnetwrok:\n  mode: routed\n');
    expect(await refused(['--config', config], 2)).toMatch(/-bad\.yaml:2:1 .*network/);
  });
});

describe('machines that cannot take part', () => {
  it('an unreachable control plane: nothing is made beside it', async () => {
    expect(await refused(['--hosts', 's4=10.146.250.250,s5', '--control-plane', 's4'], 5)).toContain('10.146.250.250');
    expect(await snapshots()).toEqual(blank);
  });

  it('every finding of every node is reported at once, the fit ones make a cluster, the others are left alone', async () => {
    const names = AWKWARD.map(([name]) => name);
    const finished = await world.operator.events([
      'up',
      '--hosts',
      ['s4', 's5', ...names].join(','),
      '--control-plane',
      's4',
    ]);
    expect(finished.exit, said(finished)).toBe(3);
    for (const [name, , code] of AWKWARD) {
      const failed = finished.events.find(
        (event) => event.type === 'step-finished' && event.node === name && event.error,
      );
      expect(failed?.type === 'step-finished' ? failed.error?.code : undefined, name).toBe(code);
    }
    const after = await snapshots();
    for (const [index, node] of world.nodes.entries()) {
      if (names.includes(node)) expect(after[index], node).toBe(blank[index]);
    }
    const ready = await world.operator.kubectl('get', 'nodes', '--no-headers');
    expect(ready.match(/ Ready /g)).toHaveLength(2);
  });

  it.each([
    ['of another cluster', new Date(), 'pki is not what this cluster was built with'],
    ['whose authorities have expired', new Date('2001-01-01'), 'expired at'],
  ])('a PKI %s is refused before any connection is made', async (_title, madeAt, words) => {
    const before = await installed();
    const pki = join(world.operator.stateDir, 'pki');
    await rename(pki, `${pki}-own`);
    try {
      await makePki(pki, madeAt);
      for (const command of ['up', 'plan']) {
        const finished = await world.operator.events([command]);
        expect(finished.exit, said(finished)).toBe(5);
        expect(finished.stderr).toContain(words);
        expect(finished.events.filter(({ type }) => type === 'step-started')).toEqual([]);
      }
    } finally {
      await rm(pki, { recursive: true });
      await rename(`${pki}-own`, pki);
    }
    expect(await installed()).toEqual(before);
  });

  it('a second up while one runs is refused', async () => {
    const [first, second] = await Promise.all([world.operator.run(['up']), world.operator.run(['up'])]);
    const exits = [first.exit, second.exit].toSorted();
    expect(exits, said(first) + said(second)).toEqual([3, 5]);
  });

  it('a state directory that does not know the cluster is refused', async () => {
    const other = `${world.operator.stateDir}-other`;
    onTestFinished(() => rm(other, { recursive: true }));
    const args = ['up', '--hosts', 's4,s5', '--control-plane', 's4', '--state-dir', other];
    const finished = await world.operator.run(args);
    expect(finished.exit, said(finished)).toBe(5);
  });
});
