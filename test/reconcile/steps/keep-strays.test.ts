import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StraySource } from '../../../src/backup/keep-stray.js';
import type { ChainProblem } from '../../../src/changelog/chain-problem.js';
import { DisklessError } from '../../../src/errors.js';
import { PATHS } from '../../../src/node/paths.js';
import type { ClusterOrder, EtcdOrders, MemberOrder } from '../../../src/plan/etcd-order-types.js';
import type { AtWork } from '../../../src/reconcile/context.js';
import { keepOwnStray, keepStrays } from '../../../src/reconcile/steps/keep-strays.js';
import { createEventBus } from '../../../src/runner/event-bus.js';
import type { RunEvent } from '../../../src/runner/events.js';
import type { Connection, ExecOptions } from '../../../src/ssh/transport.js';
import { clusterOf, sessionOver } from '../../cluster/fake-session.js';
import { execute } from '../../e2e/helpers/cli.js';
import { sampleFacts, sampleNode, sampleSpec } from '../../helpers/sample-facts.js';
import { sampleOrders } from '../../helpers/sample-orders.js';
import { virtualClock } from '../../helpers/virtual-clock.js';

/* What is done on a machine runs in bash, in a directory of its own; systemd and the lock are played. */

let root: string;
const MARKER = 'c 2 voter t2 open 17';
const dataOf = (node: string): string => join(root, node, 'etcd');

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'k8s-diskless-strays-'));
  writeFileSync(join(root, 'systemctl'), `#!/bin/sh\necho "$NODE: $*" >>${root}/done\n`);
  writeFileSync(join(root, 'flock'), '#!/bin/sh\n');
  for (const program of ['systemctl', 'flock']) chmodSync(join(root, program), 0o755);
  for (const node of ['s4', 's5']) {
    mkdirSync(join(dataOf(node), 'member/snap'), { recursive: true });
    writeFileSync(join(dataOf(node), 'k8s-diskless'), `${MARKER}\n`);
    writeFileSync(join(dataOf(node), 'member/snap/db'), `database of ${node}`);
  }
});
afterEach(() => rmSync(root, { recursive: true }));

const done = (): string[] =>
  existsSync(join(root, 'done')) ? readFileSync(join(root, 'done'), 'utf8').trim().split('\n') : [];

/** A machine on which commands are run for real. */
function machine(node: string) {
  const here = (command: string): string =>
    command.replaceAll(PATHS.etcdData, dataOf(node)).replaceAll(PATHS.marker, join(root, node, 'marker'));
  const env = { PATH: `${root}:${process.env.PATH}`, NODE: node };
  const exec = async (command: string, { label, input }: ExecOptions) => {
    const { exit, stdout, stderr } = await execute('sh', ['-c', here(command)], env, String(input));
    return { host: node, label, exitCode: exit, signal: null, stdout, stderr, durationMs: 1 };
  };
  const open = async (command: string) => {
    const child = spawn('sh', ['-c', here(command)], { env });
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    const result = Promise.all([ended, text(child.stderr)]).then(([exitCode, stderr]) => ({ exitCode, stderr }));
    return { stdin: child.stdin, stdout: child.stdout, result, kill: () => child.kill() };
  };
  const connection = { host: node, hostKey: {}, closed: new Promise(() => {}), exec, open, end() {} };
  return sessionOver(node, [{ connection: connection as unknown as Connection, lose() {} }]);
}

interface Scenario {
  orders: Record<string, MemberOrder>;
  begin?: ClusterOrder[];
  /** How far the data of each goes. */
  revisions?: Record<string, string>;
  /** Of etcd's unit. */
  active?: string;
  /** Whose etcd answers. */
  answers?: string[];
  /** What becomes of a copy, on the operator. */
  store?: (source: StraySource) => Promise<void>;
  /** Of the change log over a copy. */
  problem?: ChainProblem;
  /** Of the life that begins. */
  alone?: true;
}

const HEADER = { clusterId: '99', memberId: '17', revision: '100', raftTerm: '1' };

function runWith({
  orders,
  begin = [],
  revisions = {},
  active = 'active',
  answers = [],
  store = async () => {},
  problem,
  alone,
}: Scenario) {
  const events: RunEvent[] = [];
  const kept: Record<string, string> = {};
  const bus = createEventBus({
    sinks: [(event) => events.push(event)],
    monotonicMs: () => 0,
    wallClock: () => new Date(0),
  });
  const { signal } = new AbortController();
  const silent = new DisklessError({ code: 'etcd-no-answer', message: 'it does not answer' });
  const etcdOf = async (node: string) => ({
    status: async () => (answers.includes(node) ? { version: '3.7.3', header: HEADER } : Promise.reject(silent)),
  });
  const cluster = clusterOf([machine('s4'), machine('s5')], { etcdOf, etcdStreamsOf: async () => ({}) });
  const stray = async ({ source, reason }: { source: StraySource; reason: string }) => {
    await store(source);
    let content = '';
    if (source.how === 'file') for await (const chunk of source.chunks) content += String(chunk);
    const { node, incarnation, how } = source;
    kept[node] = `${how} of incarnation ${incarnation} for ${reason}${content && `: ${content}`}`;
    writeFileSync(join(root, 'done'), `${node}: kept\n`, { flag: 'a' });
    const revision = revisions[node] ?? '100';
    const versions = { kubernetes: 'record', etcd: source.etcd === undefined ? 'guess' : 'member' };
    return {
      id: `${incarnation}-${revision}-${node}`,
      node,
      incarnation,
      revision,
      etcd: '3.7.3',
      stray: { how, versions },
    };
  };
  const facts = sampleFacts({
    etcdData: { present: true, clusterId: 'c', incarnation: 2, marker: MARKER },
    units: { 'etcd.service': { name: 'etcd.service', active, sub: '', masked: false } },
  });
  const work = (node: string) => ({ node: sampleNode({ name: node }), facts });
  const judgement = {
    orders: sampleOrders({ members: orders, cluster: begin }) satisfies EtcdOrders,
    record: { clusterId: 'c', spec: sampleSpec(), etcd: alone ? { origin: { alone } } : {} },
    work: new Map(['s4', 's5'].map((node) => [node, work(node)])),
  };
  const context = {
    judgement,
    work: work('s4'),
    cluster,
    bus,
    signal,
    memory: { tally: new Map(), record: judgement.record },
    options: {
      clock: virtualClock(),
      readyTimeoutMs: 60_000,
      backups: { stray, logProblem: async () => problem, straysIn: '/state/strays' },
    },
  } as unknown as AtWork;
  const place = { node: '', step: 'strays', signal, failed: new Set<string>() };
  return {
    events,
    kept,
    all: () => keepStrays(context, place),
    own: () => keepOwnStray(context, { ...place, node: 's4' }),
  };
}

const given = { do: 'bootstrap', wipe: 'discarded' } as const;
const older = { do: 'join-as-learner', wipe: 'older' } as const;

describe('data that goes for a life that begins', () => {
  it('is copied once nobody writes to any of it, of the member where it answers, else of its file', async () => {
    const run = runWith({ orders: { s4: given, s5: given }, answers: ['s4'] });
    expect((await run.all()).outcome).toBe('changed');
    expect(run.kept).toEqual({
      s4: 'snapshot of incarnation 2 for discard-data',
      s5: 'file of incarnation 2 for discard-data: database of s5',
    });
    const at = (what: string): number => done().indexOf(what);
    for (const node of ['s4', 's5']) {
      for (const copied of ['s4: kept', 's5: kept'])
        expect(at(`${node}: stop kube-apiserver.service`)).toBeLessThan(at(copied));
    }
    expect(at('s4: kept')).toBeLessThan(at('s4: stop etcd.service'));
    expect(at('s5: stop etcd.service')).toBeLessThan(at('s5: kept'));
    const said = run.events.flatMap((event) => (event.type === 'note' ? [event.message] : []));
    expect(said).toContain('stray 2-100-s4 keeps what s4 held of incarnation 2');
    expect(said).toContainEqual(
      expect.stringMatching(
        /^stray 2-100-s5 .* only the log of its etcd had is not in it; that etcd 3.7.3 wrote it is assumed/,
      ),
    );
  });

  it('stays where no copy of it can be had: a person is told of the ways out', async () => {
    const full = new DisklessError({ code: 'state-not-usable', message: 'no space is left', exit: 2 });
    const run = runWith({ orders: { s4: given }, store: () => Promise.reject(full) });
    await expect(run.all()).rejects.toMatchObject({
      code: 'stray-not-kept',
      exit: 5,
      host: 's4',
      message: expect.stringContaining('no space is left'),
      hint: expect.stringMatching(/^nothing was wiped: .*\/state\/strays.* or reboot s4 if its data may go$/),
    });
  });

  it('stays where it is no longer what was looked at', async () => {
    writeFileSync(join(dataOf('s4'), 'k8s-diskless'), 'c 3 voter of-another open\n');
    const run = runWith({ orders: { s4: given } });
    const detail = expect.stringContaining('c 3 voter of-another open');
    await expect(run.all()).rejects.toMatchObject({ code: 'stray-not-kept', detail });
    expect(done()).not.toContain('s4: stop etcd.service');
  });

  it('is read from its file where the member breaks off', async () => {
    const cut = new DisklessError({ code: 'etcd-snapshot-cut', message: 'cut' });
    const store = ({ how }: StraySource) => (how === 'snapshot' ? Promise.reject(cut) : Promise.resolve());
    const run = runWith({ orders: { s4: given }, answers: ['s4'], store });
    await run.all();
    expect(run.kept).toEqual({ s4: 'file of incarnation 2 for discard-data: database of s4' });
  });

  it.each<MemberOrder>([
    { do: 'keep' },
    { do: 'bootstrap', wipe: 'unfinished' },
    { do: 'join-as-learner', wipe: 'rejoin' },
    { do: 'bootstrap' },
    older,
  ])('nothing is touched before %j', async (order) => {
    const run = runWith({ orders: { s4: order } });
    expect((await run.all()).outcome).toBe('unchanged');
    expect([done(), run.events]).toEqual([[], []]);
  });
});

describe('a life that is made of what one member holds', () => {
  const recovering = (recover: { name: string; olderData?: boolean; snapshot?: string }): Partial<Scenario> => ({
    begin: [
      {
        do: 'begin-incarnation',
        incarnation: 3,
        members: ['s4', 's5', 's6'],
        discarded: ['s4', 's5'],
        why: 'recovered',
        recover: { olderData: false, ...recover },
      },
    ],
  });
  const orders = { s4: given, s5: given };

  it('is restored from the stray of that one, which is kept beside that of the others', async () => {
    const run = runWith({ orders, ...recovering({ name: 's5', snapshot: '2-90' }), revisions: { s5: '101' } });
    const { gives } = await run.all();
    expect(gives.record.etcd.origin).toEqual({ snapshot: '2-101-s5', phase: 'restoring' });
    expect(gives.orders.cluster).toMatchObject([{ from: '2-101-s5' }]);
    expect(run.kept).toMatchObject({
      s4: expect.stringContaining('for recover-from'),
      s5: expect.stringContaining('for recover-from'),
    });
  });

  it('does not begin where another one turns out to be further, be it a snapshot; the strays stay', async () => {
    const behind = runWith({ orders, ...recovering({ name: 's4' }), revisions: { s5: '101' } });
    await expect(behind.all()).rejects.toMatchObject({
      code: 'recover-older',
      exit: 5,
      hint: expect.stringContaining('--recover-from s5'),
    });
    expect(Object.keys(behind.kept).toSorted()).toEqual(['s4', 's5']);
    const older = runWith({ orders, ...recovering({ name: 's4', snapshot: '2-101' }) });
    await expect(older.all()).rejects.toMatchObject({ code: 'recover-older' });
    const asked = runWith({ orders, ...recovering({ name: 's4', olderData: true }), revisions: { s5: '101' } });
    expect((await asked.all()).gives.record.etcd.origin?.snapshot).toBe('2-100-s4');
  });
});

describe('a life that is made of what one member holds, with a change log that cannot be used,', () => {
  const problem = { why: 'the change log has a hole', ways: 'put it back' };
  const begin = (name: string): ClusterOrder[] => [
    {
      do: 'begin-incarnation',
      incarnation: 3,
      members: ['s4', 's5', 's6'],
      discarded: ['s4', 's5'],
      why: 'recovered',
      recover: { olderData: false, name },
    },
  ];
  const orders = { s4: given, s5: given };

  it('does not begin, unless what the member holds is wanted alone', async () => {
    const run = runWith({ orders, begin: begin('s5'), problem });
    const message = expect.stringContaining(problem.why);
    await expect(run.all()).rejects.toMatchObject({ code: 'recover-log', exit: 5, host: 's5', message });
    const only = runWith({ orders, begin: begin('s5'), problem, alone: true });
    expect((await only.all()).gives.record.etcd.origin).toMatchObject({ snapshot: '2-100-s5', alone: true });
  });

  it('never goes on with what was not copied', async () => {
    await expect(runWith({ orders, begin: begin('s6') }).all()).rejects.toThrow('s6');
  });
});

describe('data of an older life on a member that comes back', () => {
  it('is copied by itself, its apiserver stopped before', async () => {
    const run = runWith({ orders: { s4: older, s5: older } });
    expect(await run.own()).toBe('changed');
    expect(run.kept).toEqual({ s4: 'file of incarnation 2 for older-life: database of s4' });
    expect(done()[0]).toBe('s4: stop kube-apiserver.service');
  });

  it('that is stopped is started without its apiserver: what its log holds comes into the file', async () => {
    const run = runWith({ orders: { s4: older }, active: 'failed' });
    await run.own();
    const order = ['stop kube-apiserver.service', '--no-block start etcd.service', 'stop etcd.service'];
    const at = order.map((what) => done().indexOf(`s4: ${what}`));
    expect(at).toEqual(at.toSorted((one, other) => one - other));
    expect(at).not.toContain(-1);
    expect(done().indexOf('s4: kept')).toBeGreaterThan(at[2] ?? 0);
  });

  it.each([given, { do: 'join-as-learner' } as const])('nothing else is: %j', async (order) => {
    const run = runWith({ orders: { s4: order } });
    expect(await run.own()).toBe('unchanged');
    expect(done()).toEqual([]);
  });
});
