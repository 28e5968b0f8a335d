import { describe, expect, it } from 'vitest';
import { DisklessError } from '../../src/errors.js';
import { Deferral } from '../../src/runner/deferral.js';
import { createEventBus } from '../../src/runner/event-bus.js';
import type { RunEvent } from '../../src/runner/events.js';
import { runSequence } from '../../src/runner/run-sequence.js';
import { any, type Needs, type Place, type Step, same, settled, stepsOn } from '../../src/runner/sequence.js';
import { createStepValues } from '../../src/runner/step-values.js';

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

function step(id: string, on: Place, needs: Needs = {}): Step<World, Place, undefined> {
  return {
    id,
    title: id,
    on,
    needs,
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

const cluster = stepsOn<World, 'cluster'>('cluster');
const everyNode = stepsOn<World, 'every-node'>('every-node');
const controlPlane = stepsOn<World, 'control-plane'>('control-plane');

/** Gives the name of each node. */
const named = (id: string) =>
  everyNode(id, id, {}, async (_world, { node }) => ({
    outcome: 'unchanged' as const,
    gives: node,
  }));

function run(steps: Step<World>[], world: World, signal = new AbortController().signal) {
  const events: RunEvent[] = [];
  const bus = createEventBus({
    sinks: [(event) => events.push(event)],
    monotonicMs: () => 0,
    wallClock: () => new Date(0),
  });
  return { events, done: runSequence({ steps, nodes: NODES, services: world, bus, signal }) };
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
    const one = step('one', 'every-node');
    const steps = [one, step('two', 'every-node', { one: same(one) })];
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
    const one = step('one', 'every-node');
    const steps = [one, step('two', 'every-node', { one: same(one) })];
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
    const controllers = step('controllers', 'control-plane');
    await run([controllers, step('healthy', 'every-node', { controllers: same(controllers) })], world).done;
    expect(world.log).not.toContain('begin controllers@c');
    expect(world.log).toContain('end healthy@c');
    expect(world.log.indexOf('end controllers@a')).toBeLessThan(world.log.indexOf('begin healthy@a'));
  });

  it('settled: no failure matters; any: one success is enough', async () => {
    const world: World = { log: [], fail: new Set(['one@b']) };
    const one = step('one', 'control-plane');
    const steps = [
      one,
      step('after-settled', 'cluster', { one: settled(one) }),
      step('after-any', 'cluster', { one: any(one) }),
    ];
    const reports = await run(steps, world).done;
    const outcome = (id: string) => reports.find((report) => report.step === id)?.outcome;
    expect([outcome('after-settled'), outcome('after-any')]).toEqual(['unchanged', 'unchanged']);
  });

  it('any: goes on at the first success while others are still busy', async () => {
    const never = new Promise<void>(() => {});
    const world: World = { log: [], gates: new Map([['one@b', never]]) };
    const one = step('one', 'control-plane');
    const { events } = run([one, step('next', 'cluster', { one: any(one) })], world);
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
    const leftOut = (context: World): void => void told.push((context as World & { name: string }).name);
    const name = named('name');
    const one = step('one', 'every-node');
    const steps = [name, one, { ...step('two', 'every-node', { name: same(name), one: same(one) }), leftOut }];
    await run(steps, world).done;
    expect(told).toEqual(['b']);
    abort.abort();
    await run(steps, world, abort.signal).done;
    // Nothing was begun that could have given anything.
    expect(told.slice(1)).toEqual([undefined, undefined, undefined]);
  });

  it('turns what is not one of our errors into a bug', async () => {
    const broken: Step<World> = { ...step('x', 'cluster'), run: () => Promise.reject(new TypeError('oops')) };
    const [report] = await run([broken], { log: [] }).done;
    expect(report?.error).toMatchObject({ code: 'internal', exit: 1, step: 'x' });
  });
});

describe('what steps give', () => {
  const failure = new DisklessError({ code: 'broken', message: 'it broke' });
  const nothing = { log: [] };

  it('is handed to those that need it, under their own names: of this node, of all, of the first', async () => {
    const name = named('name');
    const role = controlPlane('role', 'role', {}, async () => ({
      outcome: 'changed' as const,
      gives: 'control-plane',
    }));
    const one = cluster('one', 'one', { names: settled(name), role: any(role) }, async ({ names, role }) => ({
      outcome: 'unchanged' as const,
      gives: `${[...names.values()]} ${role}`,
    }));
    const seen: unknown[] = [];
    const all = everyNode(
      'all',
      'all',
      { own: same(name), role: same(role), said: same(one) },
      async ({ own, role, said }) => {
        seen.push([own, role, said]);
        return 'unchanged' as const;
      },
    );
    await run([name, role, one, all], nothing).done;
    const said = 'a,b,c control-plane';
    expect(seen.toSorted()).toEqual([
      ['a', 'control-plane', said],
      ['b', 'control-plane', said],
      // A step that the node does not have gives it nothing.
      ['c', undefined, said],
    ]);
  });

  it('is there of one that failed and found something out, for who needs it settled', async () => {
    const values = createStepValues();
    const tried = everyNode('tried', 'tried', {}, async (_world, { node }) =>
      node === 'b'
        ? { outcome: 'failed' as const, error: failure, gives: 'broken' }
        : { outcome: 'unchanged' as const, gives: 'whole' },
    );
    const seen: string[] = [];
    const after = everyNode(
      'after',
      'after',
      { own: same(tried), all: settled(tried) },
      async ({ own, all }, { node }) => {
        seen.push(`${node}: ${own} ${[...all.values()]}`);
        return 'unchanged' as const;
      },
    );
    const bus = createEventBus({ sinks: [], monotonicMs: () => 0, wallClock: () => new Date(0) });
    const { signal } = new AbortController();
    const steps = [tried, after];
    const reports = await runSequence({ steps, nodes: NODES, services: nothing, values, bus, signal });
    expect(reports.find(({ step: id, node }) => id === 'tried' && node === 'b')).toMatchObject({
      outcome: 'failed',
      error: { code: 'broken', host: 'b', step: 'tried' },
    });
    expect(seen).toEqual(['a: whole whole,broken,whole', 'c: whole whole,broken,whole']);
    expect([...values.onNodes(tried)]).toEqual([
      ['a', 'whole'],
      ['b', 'broken'],
      ['c', 'whole'],
    ]);
  });

  it('is written by nobody else: what a step is handed cannot be changed', async () => {
    const one = cluster('one', 'one', {}, async (context) => {
      Object.assign(context, { log: ['mine'] });
      return 'unchanged' as const;
    });
    const [report] = await run([one], nothing).done;
    expect(report?.error).toMatchObject({ code: 'internal' });
  });

  it('is read by nobody who did not say so, as the compiler has it', async () => {
    const name = named('name');
    const takesName = async ({ name: given }: { name: string }) => (given === '' ? 'unchanged' : 'changed');
    everyNode('right', 'right', { name: same(name) }, takesName);
    // @ts-expect-error It does not need it.
    everyNode('wrong', 'wrong', {}, takesName);
    // @ts-expect-error A node without that step would have none.
    everyNode('wrong', 'wrong', { name: same(controlPlane('own', 'own', {}, name.run)) }, takesName);
    // @ts-expect-error The cluster has no name of a node.
    cluster('wrong', 'wrong', { name: same(name) }, takesName);
    // @ts-expect-error Settled, it is that of all nodes.
    cluster('wrong', 'wrong', { name: settled(name) }, takesName);
  });

  it('comes from whatever has that ID in the sequence', async () => {
    const name = named('name');
    const seen: string[] = [];
    const after = everyNode('after', 'after', { name: same(name) }, async ({ name }) => {
      seen.push(name);
      return 'unchanged' as const;
    });
    const other = { ...name, run: async () => ({ outcome: 'unchanged' as const, gives: 'other' }) };
    await run([other, after], nothing).done;
    expect(seen).toEqual(['other', 'other', 'other']);
  });
});

it('reports a step that defers itself as skipped, and until when', async () => {
  const defers: Step<World> = {
    ...step('x', 'worker'),
    run: () => Promise.reject(new Deferral('c', 'later', 'next-pass')),
  };
  const { done, events } = run([defers], { log: [] });
  expect(await done).toMatchObject([{ node: 'c', outcome: 'skipped', reason: 'later', deferred: 'next-pass' }]);
  // That is between the passes: nobody is told of it.
  expect(events.at(-1)).toMatchObject({ type: 'step-finished', outcome: 'skipped', reason: 'later' });
  expect(events.at(-1)).not.toHaveProperty('deferred');
});
