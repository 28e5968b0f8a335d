import { describe, expect, it } from 'vitest';
import { etcdGrowth } from '../../../src/bench/measure/etcd-metrics.js';
import { parseLoad } from '../../../src/bench/measure/node-load.js';
import { growthOf, histogramTotals } from '../../../src/bench/measure/prometheus.js';
import { voidReasons } from '../../../src/bench/measure/void-reasons.js';

describe('parseLoad', () => {
  const stat = 'before 100 0 100 800 0 0 0 0 0 0\nafter 110 0 120 860 10 0 0 0 0 0\n';

  it('is busy with all that is neither idle nor waiting for a disk', () => {
    expect(parseLoad(`load 0.50\n${stat}`)).toEqual({ load1: 0.5, cpuBusy: expect.closeTo(0.3), pressure: null });
  });

  it('tells of pressure where the kernel does', () => {
    const { pressure } = parseLoad(`load 0.50\n${stat}cpu 1.20\nio 0.00\nmemory 0.10\n`);
    expect(pressure).toEqual({ cpu: 1.2, io: 0, memory: 0.1 });
  });
});

describe('histograms', () => {
  const text = 'x_sum{a="1"} 0.5\nx_count{a="1"} 10\nx_sum{a="2"} 0.25\nx_count{a="2"} 5\nxx_sum 9\n';

  it('are added up over their series', () => {
    expect(histogramTotals(text, 'x')).toEqual({ count: 15, sumSeconds: 0.75 });
    expect(histogramTotals(text, 'y')).toBeUndefined();
  });

  it('begin again with their process', () => {
    const [before, after] = [
      { count: 15, sumSeconds: 0.75 },
      { count: 3, sumSeconds: 0.1 },
    ];
    expect(growthOf(before, after)).toEqual(after);
    expect(growthOf(after, before)).toEqual({ count: 12, sumSeconds: expect.closeTo(0.65) });
  });

  it('of etcd are left out for members that answered only once', () => {
    const metrics = ['etcd_disk_wal_fsync_duration_seconds', 'etcd_disk_backend_commit_duration_seconds']
      .map((name) => `${name}_sum 1\n${name}_count 4\n`)
      .join('');
    const reading = new Map([['s4', metrics]]);
    const nothing = { count: 0, sumSeconds: 0 };
    expect(etcdGrowth(2, reading, new Map([...reading, ['s5', metrics]]))).toEqual([
      { round: 2, member: 's4', walFsync: nothing, backendCommit: nothing },
    ]);
  });
});

describe('voidReasons', () => {
  const quiet = { p50: 0, p99: 1, max: 2 };
  const round = {
    limits: { cpuBusy: 0.3, foreignPods: 5, eventLoopLagMs: 20, scheduleSlipMs: 50 },
    load: [{ node: 's4', load1: 1.3, cpuBusy: 0.1, pressure: null, foreignPods: 5 }],
    eventLoopLagMs: quiet,
    scheduleSlipMs: quiet,
    interruptions: [],
    broken: [],
    lingering: [],
    lost: new Map(),
  };
  const codes = (change: object): string[] => voidReasons({ ...round, ...change }).map(({ code }) => code);

  it('are none within the limits', () => expect(codes({})).toEqual([]));

  it.each([
    ['node-busy', { load: [{ ...round.load[0], cpuBusy: 0.4 }] }],
    ['foreign-pods', { load: [{ ...round.load[0], foreignPods: 6 }] }],
    ['event-loop-lag', { eventLoopLagMs: { ...quiet, p99: 21 } }],
    ['schedule-slip', { scheduleSlipMs: { ...quiet, p99: 51 } }],
    ['tool-broke', { broken: ['host/tcp s4>s5: it was killed'] }],
    ['pods-linger', { lingering: ['paced-1-1'] }],
    ['watch-interrupted', { interruptions: ['it broke off'] }],
    ['node-rebooted', { lost: new Map([['s4', 'was rebooted during the round']]) }],
  ])('%s', (code, change) => expect(codes(change)).toEqual([code]));

  it('name the figure and its limit', () => {
    const [reason] = voidReasons({ ...round, eventLoopLagMs: { ...quiet, p99: 33.33 } });
    expect(reason?.message).toBe("the operator's event loop was 33.3 ms late at p99, and the limit is 20 ms");
  });
});
