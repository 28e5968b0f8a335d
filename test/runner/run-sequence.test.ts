import { describe, expect, it } from 'vitest';
import { DisklessError } from '../../src/errors.js';
import { createEventBus } from '../../src/runner/event-bus.js';
import type { RunEvent } from '../../src/runner/events.js';
import { runSequence } from '../../src/runner/run-sequence.js';
import { any, type Step, same, settled } from '../../src/runner/sequence.js';

const NODES = [
  { name: 'a', role: 'control-plane' as const },
  { name: 'b', role: 'control-plane' as const },
  { name: 'c', role: 'worker' as const },
];

interface World {
  log: string[];
  fail?: Set<string>;
  gates?: Map<string, Promise<void>>;
}

function step(id: string, on: Step<World>['on'], after: Step<World>['after'] = []): Step<World> {
  return {
    id,
    title: id,
    on,
    after,
    async run(world, { node }) {
      const key = node === '' ? id : `${id}@${node}`;
      world.log.push(`begin ${key}`);
      await world.gates?.get(key);
      if (world.fail?.has(key)) throw new DisklessError({ code: 'broken', message: `${key} broke` });
      world.log.push(`end ${key}`);
      return 'unchanged';
    },
  };
}

function run(steps: Step<World>[], world: World, signal = new AbortController().signal) {
  const events: RunEvent[] = [];
  const bus = createEventBus({
    sinks: [(event) => events.push(event)],
    monotonicMs: () => 0,
    wallClock: () => new Date(0),
  });
  return { events, done: runSequence({ steps, nodes: NODES, context: world, bus, signal }) };
}

describe('runSequence', () => {
  it('runs per-node steps on the nodes of their role only', async () => {
    const world: World = { log: [] };
    await run([step('s', 'control-plane'), step('w', 'worker')], world).done;
    expect(world.log.filter((line) => line.startsWith('begin')).toSorted()).toEqual([
      'begin s@a',
      'begin s@b',
      'begin w@c',
    ]);
  });

  it('has no barrier between nodes: a held node delays only itself', async () => {
    let open = (): void => {};
    const held = new Promise<void>((resolve) => {
      open = resolve;
    });
    const world: World = { log: [], gates: new Map([['one@c', held]]) };
    const steps = [step('one', 'every-node'), step('two', 'every-node', [same('one')])];
    const { done, events } = run(steps, world);
    await expect
      .poll(() => events.filter((event) => event.type === 'step-finished' && event.step === 'two').length)
      .toBe(2);
    expect(world.log).not.toContain('begin two@c');
    open();
    await done;
    expect(world.log).toContain('end two@c');
  });

  it('skips what depends on a failure, says why, and goes on elsewhere', async () => {
    const world: World = { log: [], fail: new Set(['one@b']) };
    const steps = [step('one', 'every-node'), step('two', 'every-node', [same('one')])];
    const reports = await run(steps, world).done;
    const two = reports.filter((report) => report.step === 'two');
    expect(two.map(({ node, outcome }) => [node, outcome])).toEqual([
      ['a', 'unchanged'],
      ['b', 'skipped'],
      ['c', 'unchanged'],
    ]);
    expect(two[1]?.reason).toBe('one on b failed');
    expect(reports.find(({ step: id, node }) => id === 'one' && node === 'b')?.error).toMatchObject({
      code: 'broken',
      host: 'b',
      step: 'one',
    });
  });

  it('same: a step the node does not have is not waited for', async () => {
    const world: World = { log: [] };
    await run([step('controllers', 'control-plane'), step('healthy', 'every-node', [same('controllers')])], world).done;
    expect(world.log).not.toContain('begin controllers@c');
    expect(world.log).toContain('end healthy@c');
    expect(world.log.indexOf('end controllers@a')).toBeLessThan(world.log.indexOf('begin healthy@a'));
  });

  it('settled: no failure matters; any: one success is enough', async () => {
    const world: World = { log: [], fail: new Set(['one@b']) };
    const steps = [
      step('one', 'control-plane'),
      step('after-settled', 'cluster', [settled('one')]),
      step('after-any', 'cluster', [any('one')]),
    ];
    const reports = await run(steps, world).done;
    const outcome = (id: string) => reports.find((report) => report.step === id)?.outcome;
    expect([outcome('after-settled'), outcome('after-any')]).toEqual(['unchanged', 'unchanged']);
  });

  it('any: goes on at the first success while others are still busy', async () => {
    const never = new Promise<void>(() => {});
    const world: World = { log: [], gates: new Map([['one@b', never]]) };
    const { events } = run([step('one', 'control-plane'), step('next', 'cluster', [any('one')])], world);
    await expect.poll(() => events.some((event) => event.type === 'step-finished' && event.step === 'next')).toBe(true);
  });

  it('cancels what has not begun when aborted, and reports it', async () => {
    const abort = new AbortController();
    abort.abort();
    const reports = await run([step('one', 'every-node')], { log: [] }, abort.signal).done;
    expect(new Set(reports.map(({ outcome }) => outcome))).toEqual(new Set(['cancelled']));
  });

  it('tells a step that does not begin, whether it is skipped or cancelled', async () => {
    const abort = new AbortController();
    const told: string[] = [];
    const world: World = { log: [], fail: new Set(['one@b']) };
    const leftOut = (_world: World, node: string): void => void told.push(node);
    const steps = [step('one', 'every-node'), { ...step('two', 'every-node', [same('one')]), leftOut }];
    await run(steps, world).done;
    expect(told).toEqual(['b']);
    abort.abort();
    await run(steps, world, abort.signal).done;
    expect(told.slice(1).toSorted()).toEqual(['a', 'b', 'c']);
  });

  it('turns what is not one of our errors into a bug', async () => {
    const broken: Step<World> = { ...step('x', 'cluster'), run: () => Promise.reject(new TypeError('oops')) };
    const [report] = await run([broken], { log: [] }).done;
    expect(report?.error).toMatchObject({ code: 'internal', exit: 1, step: 'x' });
  });
});
