import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { voidRun } from '../../src/bench/analysis/rounds.js';
import { ONLY, runBench } from './helpers/bench.js';
import { said } from './helpers/cli.js';
import { createWorld, type World } from './helpers/cluster-world.js';

/* Real measurements on the lab, each of them broken in one way. */

let world: World;

beforeAll(async () => {
  world = await createWorld('e2e-bench', [{ name: 's4' }, { name: 's5' }, { name: 's6' }]);
  await world.up(['--hosts', 's4,s5,s6', '--control-plane', 's4']);
});
afterAll(() => world?.down());

const namespaces = (): Promise<string> => world.operator.kubectl('get', 'namespaces', '-o', 'name');

describe('what must not pass unnoticed', () => {
  it('an MTU that the path does not carry voids the run', async () => {
    const link = (mtu: number) => ['ip', 'link', 'set', 'dev', 'eth0', 'mtu', String(mtu)];
    await world.lab.exec('s5', link(1400));
    try {
      const { exit, record } = await runBench(world.operator, {
        set: [...ONLY, 'network.tests=[round-trip]', 'network.paths=[host]', 'network.roundTrips=1'],
      });
      expect(record.network.mtu.filter(({ passed }) => !passed)).toMatchObject([
        { path: 'host', from: 's4', to: 's5' },
      ]);
      expect(voidRun(record).join()).toContain('do not pass');
      expect(exit).toBe(7);
    } finally {
      await world.lab.exec('s5', link(1500));
    }
  });

  it('a node that takes no pods is named, and so is what keeps them off', async () => {
    await world.operator.kubectl('taint', 'node', 's6', 'dedicated=other:NoSchedule');
    try {
      const { record, stderr } = await runBench(world.operator, { set: [...ONLY, 'pods.burstPerNode=1'] });
      const message = 'no pod was timed on s6, which takes no ordinary pods: dedicated=other:NoSchedule';
      expect(record.findings).toContainEqual(expect.objectContaining({ code: 'node-left-out', message }));
      expect(stderr).toContain(message);
      expect(record.pods.samples.map(({ node }) => node).sort()).toEqual(['s4', 's5']);
    } finally {
      await world.operator.kubectl('taint', 'node', 's6', 'dedicated-');
    }
  });

  it('a slow link is what is measured', async () => {
    await world.lab.shapeLink('s5', { rate: '20mbit' });
    try {
      const { record } = await runBench(world.operator, {
        set: [...ONLY, 'network.tests=[tcp]', 'network.paths=[pod]', 'network.seconds=2'],
      });
      const [sample] = record.network.samples;
      expect(sample?.result).toMatchObject({ kind: 'tcp' });
      if (sample?.result.kind === 'tcp') expect(sample.result.bitsPerSecond).toBeLessThan(40e6);
    } finally {
      await world.lab.shapeLink('s5', {});
    }
  });

  it('a pod that is killed before it starts counts as never started', async () => {
    const kubelet = (signal: string) => world.lab.exec('s6', ['pkill', `-${signal}`, '-x', 'kubelet']);
    const pods = ['-n', 'k8s-diskless-bench', 'pod/burst-1-2'];
    const { record } = await runBench(world.operator, {
      set: [...ONLY, 'pods.burstPerNode=1', 'pods.timeoutSeconds=30'],
      at: /burst pods/,
      act: async () => {
        await kubelet('STOP');
        await expect
          .poll(() => world.operator.kubectl('get', ...pods).catch(() => ''), { timeout: 10_000 })
          .not.toBe('');
        await world.operator.kubectl('delete', ...pods, '--force', '--grace-period=0');
        await kubelet('CONT');
      },
    });
    const never = record.pods.samples.filter(({ at }) => at.ready === null);
    expect(never).toMatchObject([{ node: 's6', failure: 'it was deleted before it was Ready' }]);
    expect(record.pods.samples).toHaveLength(3);
  });

  it('a stall of the API server is in the latencies of what was due meanwhile', async () => {
    const pause = 'p=$(pidof kube-apiserver); kill -STOP $p; sleep 2; kill -CONT $p';
    const { record } = await runBench(world.operator, {
      set: [...ONLY, 'api.seconds=6', 'api.requests=[readyz]'],
      at: /API requests/,
      act: () => world.lab.exec('s4', ['bash', '-c', pause]),
    });
    const late = record.api.samples.filter(({ intended, done }) => done === null || done - intended > 500);
    expect(record.api.samples).toHaveLength(180);
    expect(late.length).toBeGreaterThan(20);
  });

  it('a node that reboots voids its round, and none follows', async () => {
    const { exit, record, stderr } = await runBench(world.operator, {
      set: [...ONLY, 'rounds=2', 'api.seconds=4', 'api.requests=[readyz]'],
      at: /API requests/,
      act: () => world.lab.reboot(['s6'], { power: true }),
    });
    expect(record.rounds.map((round) => round.void)).toMatchObject([[{ code: 'node-rebooted', node: 's6' }]]);
    expect({ exit, outcome: record.outcome }).toEqual({ exit: 4, outcome: 'failed' });
    expect(stderr).toContain('s6 dropped out');
    await world.up();
  });
});

describe('a quota on the namespace', () => {
  /** Before anything of ours is in there: no pod is admitted until controllers have made its service account. */
  async function underQuota<T>(hard: string, run: () => Promise<T>): Promise<T> {
    const controllers = (signal: string) => world.lab.exec('s4', ['pkill', `-${signal}`, '-x', 'kube-controller']);
    const demand = async () => {
      try {
        await expect.poll(namespaces, { timeout: 30_000 }).toContain('k8s-diskless-bench');
        await world.operator.kubectl('create', 'quota', 'tight', `--hard=${hard}`, '-n', 'k8s-diskless-bench');
      } finally {
        await controllers('CONT');
      }
    };
    await controllers('STOP');
    const [result] = await Promise.all([run(), demand()]);
    return result;
  }

  it('that demands limits gets them, and the record says so', async () => {
    const { exit, record, stderr } = await underQuota('limits.cpu=100,limits.memory=100Gi', () =>
      runBench(world.operator, { set: [...ONLY, 'pods.count=3', 'network.tests=[tcp]', 'network.paths=[pod]'] }),
    );
    expect(exit, stderr).toBe(0);
    expect(record.findings.map(({ code }) => code)).toContain('cpu-limited');
    expect(record.pods.samples.map(({ at }) => typeof at.ready)).toEqual(Array(3).fill('number'));
    expect(record.network.samples.map(({ result }) => result.kind)).toEqual(['tcp']);
  });

  it('that has no room for a pod ends the run before it begins, and leaves nothing behind', async () => {
    const refused = await underQuota('pods=0', () => world.operator.run(['bench', '--preset', 'quick']));
    expect(refused.exit, said(refused)).toBe(4);
    expect(refused.stderr).toMatch(/does not admit the benchmark's pods.*exceeded quota: tight/s);
    expect(await namespaces()).not.toContain('k8s-diskless-bench');
  });
});

describe('a run that ends early', () => {
  it('keeps what it measured and removes everything when it is interrupted', async () => {
    const { exit, record } = await runBench(world.operator, {
      set: [...ONLY, 'api.seconds=30', 'api.requests=[readyz]'],
      at: /API requests/,
      act: async (kill) => kill('SIGINT'),
    });
    expect(exit).toBe(130);
    expect(record.outcome).toBe('interrupted');
    expect(await namespaces()).not.toContain('k8s-diskless-bench');
  });

  it('leaves its namespace when it is killed, and the next one clears it', async () => {
    const killed = runBench(world.operator, { set: ONLY, at: /round 1/, act: async (kill) => kill('SIGKILL') });
    await expect(killed).rejects.toThrow('kept no record');
    expect(await namespaces()).toContain('k8s-diskless-bench');
    expect((await runBench(world.operator, { set: [...ONLY, 'pods.count=1'] })).exit).toBe(0);
    expect(await namespaces()).not.toContain('k8s-diskless-bench');
  });

  it('does not begin while a node is not Ready', async () => {
    await world.lab.powerOff(['s6']);
    const refused = await world.operator.run(['bench', '--preset', 'quick']);
    expect(refused.exit, said(refused)).toBe(4);
    expect(refused.stderr).toContain('1 of 3 nodes are not Ready');
  });
});

describe('one node that is its control plane, tainted', () => {
  let single: World;

  beforeAll(async () => {
    await world.down();
    single = await createWorld('e2e-bench-one', [{ name: 's4' }]);
    await single.up(['--hosts', 's4', '--taint-control-plane']);
  });
  afterAll(() => single?.down());

  it('measures what one node can show, and names what it cannot', async () => {
    const set = ['pods.count=2', 'pods.burstPerNode=2', 'network.seconds=1', 'network.tests=[tcp]', 'api.seconds=0'];
    const { exit, record, stderr } = await runBench(single.operator, { set });
    expect(exit, stderr).toBe(0);
    expect(record.pods.samples.map(({ at }) => typeof at.ready)).toEqual(Array(5).fill('number'));
    expect(record.network.samples.map(({ path, result }) => [path, result.kind])).toEqual([['pod-same-node', 'tcp']]);
    expect(record.network.leftOut.map(({ path }) => path).sort()).toEqual(['cluster-ip', 'host', 'node-port', 'pod']);
  });

  it('does not begin without the image of the pods, or without the API', async () => {
    const bench = () => single.operator.run(['bench', '--preset', 'quick']);
    const image = (...command: string[]) => single.lab.exec('s4', ['ctr', '-n', 'k8s.io', 'images', ...command]);
    const names = (await image('ls', '-q')).stdout.split('\n').filter((name) => name.includes('pause'));
    for (const name of names) await image('tag', name, `kept/${name}`);
    await image('rm', ...names);
    const missing = await bench();
    expect(missing.exit, said(missing)).toBe(4);
    expect(missing.stderr).toContain('is not on the node, and pods are measured without pulling');

    await single.lab.exec('s4', ['systemctl', 'stop', 'kube-apiserver']);
    const silent = await bench();
    expect(silent.exit, said(silent)).toBe(4);
    expect(silent.stderr).toContain('kube-apiserver of s4 cannot be reached');
    expect(silent.stderr).toContain('k8s-diskless up finds out why');
  });
});
