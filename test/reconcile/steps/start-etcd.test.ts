import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EtcdBootstrap } from '../../../src/components/context.js';
import { PATHS } from '../../../src/node/paths.js';
import type { UnitAction } from '../../../src/plan/diff.js';
import type { EtcdVerdict } from '../../../src/plan/etcd-outcome.js';
import { createArrivals } from '../../../src/reconcile/arrivals.js';
import { NodeSession } from '../../../src/reconcile/node-session.js';
import type { EtcdRejoin, NodeWork, Reconciliation } from '../../../src/reconcile/reconciliation.js';
import { startEtcd } from '../../../src/reconcile/steps/start-etcd.js';
import { createEventBus } from '../../../src/runner/event-bus.js';
import type { RunEvent } from '../../../src/runner/events.js';
import type { Connection, ExecOptions } from '../../../src/ssh/transport.js';
import { execute } from '../../e2e/helpers/cli.js';
import { sampleFacts, sampleNode } from '../../helpers/sample-facts.js';

/* What is done to the data directory runs in bash, in a directory of its own; only systemd is played. */

let root: string;
const dataOf = (): string => join(root, 'etcd');
const marker = (): string => readFileSync(join(dataOf(), 'k8s-diskless'), 'utf8');

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'k8s-diskless-etcd-'));
  writeFileSync(join(root, 'systemctl'), `#!/bin/sh\necho "$*" >>${root}/systemctl.log\n`);
  chmodSync(join(root, 'systemctl'), 0o755);
});
afterEach(() => rmSync(root, { recursive: true }));

const systemctl = (): string[] => {
  const log = join(root, 'systemctl.log');
  return existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [];
};

function holdData(owner: string): void {
  mkdirSync(join(dataOf(), 'member', 'wal'), { recursive: true });
  writeFileSync(join(dataOf(), 'k8s-diskless'), `${owner}\n`);
}

const START: UnitAction = {
  component: 'etcd',
  unit: { name: 'etcd.service', inputs: [], disruption: 'etcd' },
  action: 'start',
  fingerprint: 'f',
  why: 'it does not run',
};

const EXISTING: EtcdBootstrap = {
  token: 'c-1',
  initialClusterState: 'existing',
  initialCluster: [{ name: 's4', peerUrl: 'https://10.0.0.4:2380' }],
};

/** s4 carries out the verdict for incarnation 3 of cluster c. */
function runWith(verdict: EtcdVerdict, { arrived = ['config', 'etcd'], units = [START], isStuck = false } = {}) {
  const events: RunEvent[] = [];
  const received: string[] = [];
  const { signal } = new AbortController();
  const exec = async (command: string, { label, input }: ExecOptions) => {
    const here = command.replaceAll(PATHS.etcdData, dataOf()).replaceAll(PATHS.marker, join(root, 'marker'));
    const env = { PATH: `${root}:${process.env.PATH}` };
    const { exit, stdout, stderr } = await execute('sh', ['-c', here], env, String(input));
    return { host: 's4', label, exitCode: exit, signal: null, stdout, stderr, durationMs: 1 };
  };
  const open = async () => {
    const [stdin, stdout] = [new PassThrough(), new PassThrough()];
    const result = text(stdin).then((sent) => {
      received.push(sent);
      stdout.end('done config\n');
      return { exitCode: 0, stderr: '' };
    });
    return { stdin, stdout, result, kill: () => stdout.destroy() };
  };
  const connection = { host: 's4', closed: new Promise(() => {}), exec, open } as unknown as Connection;
  const arrivals = createArrivals('s4', ['config', 'etcd']);
  for (const id of arrived) arrivals.arrived(id);
  const work = {
    node: sampleNode(),
    facts: sampleFacts(),
    nodeIp: '10.0.0.4',
    encoding: 'gzip',
    arrivals,
    difference: { files: [], remove: [], units, images: [] },
  } as unknown as NodeWork;
  const rejoined: string[] = [];
  const rejoin: EtcdRejoin = {
    clear: () => Promise.reject(new Error('nobody asks for it here')),
    async rejoin(node, member) {
      rejoined.push(node);
      await member.prepare(EXISTING);
      await member.start();
      if (isStuck) await member.restart();
    },
  };
  const context = {
    signal,
    rejoin,
    bus: createEventBus({ sinks: [(event) => events.push(event)], monotonicMs: () => 0, wallClock: () => new Date(0) }),
    sessions: new Map([['s4', new NodeSession({ name: 's4', open: async () => connection, signal })]]),
    memory: { tally: new Map() },
    judgement: { verdict, record: { clusterId: 'c', etcd: { incarnation: 3 } }, work: new Map([['s4', work]]) },
    options: {
      stallTimeoutMs: 10_000,
      content: { pack: async (files: { content: Buffer }[]) => Buffer.concat(files.map(({ content }) => content)) },
    },
  } as unknown as Reconciliation;
  return {
    arrivals,
    received,
    rejoined,
    changes: () => events.flatMap((event) => (event.type === 'change' ? [event.what] : [])),
    start: () => startEtcd(context, { node: 's4', step: 'etcd', signal, failed: new Set() }),
  };
}

const members = { start: ['s4'], absent: [] };
const bootstrap: EtcdVerdict = { code: 'bootstrap', incarnation: 3, ...members, wipe: [], why: 'first' };
const nobody = { forget: [], absent: [] };
const rejoin: EtcdVerdict = { code: 'rejoin', holders: ['s5'], blank: ['s4'], wipe: [], blocking: [], ...nobody };

describe('startEtcd', () => {
  it('names the owner of the data before there is any', async () => {
    const run = runWith(bootstrap);
    expect(await run.start()).toBe('changed');
    expect(marker()).toBe('c 3\n');
    expect(run.changes()).toEqual(['claim the etcd data directory', 'start etcd.service (it does not run)']);
    expect(run.rejoined).toEqual([]);
  });

  it.each<[string, EtcdVerdict]>([
    ['a bootstrap', { ...bootstrap, wipe: ['s4'], why: 'discarded' }],
    ['a bootstrap that is resumed', { code: 'resume-bootstrap', incarnation: 3, ...members, wipe: ['s4'] }],
    ['a rejoin', { ...rejoin, wipe: ['s4'] }],
  ])('wipes data that has no place in %s, stopped first, before it is claimed', async (_title, verdict) => {
    holdData('c 2');
    const run = runWith(verdict);
    await run.start();
    expect(existsSync(join(dataOf(), 'member'))).toBe(false);
    expect(marker()).toBe('c 3\n');
    expect(systemctl()[0]).toBe('stop etcd.service');
    expect(run.changes()[0]).toBe('wipe etcd data of an older incarnation');
  });

  it.each([
    ['goes where systemd knows no etcd', 5, false],
    ['stays where etcd cannot be stopped: it still writes to it', 1, true],
  ])('data %s', async (_title, exit, stays) => {
    holdData('c 2');
    writeFileSync(join(root, 'systemctl'), `#!/bin/sh\ncase $1 in stop) exit ${exit} ;; esac\n`);
    const starting = runWith({ ...bootstrap, wipe: ['s4'], why: 'discarded' }).start();
    if (stays) await expect(starting).rejects.toMatchObject({ code: 'remote-failed', host: 's4' });
    else await starting;
    expect(existsSync(join(dataOf(), 'member', 'wal'))).toBe(stays);
    expect(marker()).toBe(stays ? 'c 2\n' : 'c 3\n');
  });

  it.each<[string, EtcdVerdict]>([
    ['resumed', { code: 'resume-bootstrap', incarnation: 3, ...members, wipe: [] }],
    ['healthy', { code: 'healthy', holders: ['s4'], ...nobody }],
    ['brought up', { code: 'revive', holders: ['s4'], waiting: [], absent: [] }],
    ['beside one that rejoins', { ...rejoin, holders: ['s4'], blank: ['s5'] } as EtcdVerdict],
  ])('keeps the data of a member that is %s', async (_title, verdict) => {
    holdData('c 3');
    const run = runWith(verdict);
    await run.start();
    expect(existsSync(join(dataOf(), 'member', 'wal'))).toBe(true);
    expect(marker()).toBe('c 3\n');
    expect(run.rejoined).toEqual([]);
  });

  it('changes nothing where the unit runs as it should', async () => {
    const run = runWith({ code: 'healthy', holders: ['s4'], ...nobody }, { units: [] });
    expect(await run.start()).toBe('unchanged');
    expect([run.changes(), systemctl()]).toEqual([[], []]);
  });

  it('takes a blank member in: claimed, told of the others, and started, once its files are there', async () => {
    const run = runWith(rejoin, { arrived: ['config'] });
    const done = run.start();
    await run.arrivals.of('config');
    expect(run.rejoined).toEqual([]);
    run.arrivals.arrived('etcd');
    expect(await done).toBe('changed');
    expect(run.rejoined).toEqual(['s4']);
    expect(run.changes()).toEqual([
      'claim the etcd data directory',
      'write /etc/kubernetes/etcd-bootstrap.env',
      'start etcd.service (it does not run)',
    ]);
    expect(run.received[0]).toContain('ETCD_INITIAL_CLUSTER=s4=https://10.0.0.4:2380\n');
    expect(run.received[0]).toContain('ETCD_INITIAL_CLUSTER_STATE=existing\n');
  });

  it('starts one that does not get to serve anew', async () => {
    const run = runWith(rejoin, { isStuck: true });
    await run.start();
    expect(run.changes().at(-1)).toBe('restart etcd.service (in sync, and yet it does not serve)');
    expect(systemctl()).toContain('restart etcd.service');
  });

  it('does not add a member whose files never arrive: nobody could start it', async () => {
    const run = runWith(rejoin, { arrived: ['config'] });
    run.arrivals.fail();
    await expect(run.start()).rejects.toMatchObject({ code: 'dependency-failed' });
    expect(run.rejoined).toEqual([]);
  });
});
