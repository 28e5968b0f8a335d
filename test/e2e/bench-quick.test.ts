import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { voidRun } from '../../src/bench/analysis/rounds.js';
import { PATHS, TESTS } from '../../src/bench/record/terms.js';
import { runBench } from './helpers/bench.js';
import { createWorld, type World } from './helpers/cluster-world.js';

/* A real measurement on the lab. The figures themselves are the machine's. */

let world: World;

beforeAll(async () => {
  world = await createWorld('e2e-bench-quick', [{ name: 's4' }, { name: 's5' }, { name: 's6' }]);
  await world.up(['--hosts', 's4,s5,s6', '--control-plane', 's4']);
});
afterAll(() => world?.down());

describe('a healthy cluster', () => {
  it('quick measures every cell, every pod and every kind of request, and leaves nothing behind', {
    // Each of its three batches of pods may take two minutes to be removed, and the record then says so.
    timeout: 600_000,
  }, async () => {
    const set = ['pods.count=20', 'network.seconds=1', 'network.omitSeconds=0'];
    const { exit, record, stderr } = await runBench(world.operator, { set });
    expect(exit, stderr).toBe(0);
    expect(voidRun(record)).toEqual([]);
    const cells = record.network.samples.map(({ path, test, result }) => `${path}/${test} ${result.kind}`).sort();
    const kind = (test: string): string => (test.startsWith('tcp') ? 'tcp' : test);
    expect(cells).toEqual(PATHS.flatMap((path) => TESTS.map((test) => `${path}/${test} ${kind(test)}`)).sort());
    expect(record.network.mtu.every(({ passed }) => passed)).toBe(true);
    const count = (load: string): number => record.pods.samples.filter((sample) => sample.load === load).length;
    expect([count('cold'), count('paced'), count('burst')]).toEqual([3, 20, 30]);
    expect(record.pods.samples.filter(({ at }) => at.ready === null)).toEqual([]);
    expect(record.api.samples.filter(({ failure }) => failure !== null)).toEqual([]);
    expect(new Set(record.api.samples.map(({ status }) => status))).toEqual(new Set([200, 201]));
    expect(record.dns.unavailable).toBeNull();
    expect(record.etcd).toMatchObject({ filesystem: 'tmpfs', samples: [{ member: 's4' }] });
    expect(record.environment.nodes.map(({ name, podMtu }) => [name, podMtu])).toEqual(
      world.nodes.map((name) => [name, 1500]),
    );
    expect(await world.operator.kubectl('get', 'namespaces', '-o', 'name')).not.toContain('k8s-diskless-bench');
  });
});
