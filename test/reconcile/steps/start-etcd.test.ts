import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NodeSession } from '../../../src/cluster/node-session.js';
import type { EtcdBootstrap } from '../../../src/components/context.js';
import type { EtcdDataFact } from '../../../src/facts/facts.js';
import { PATHS } from '../../../src/node/paths.js';
import type { UnitAction } from '../../../src/plan/diff.js';
import type { MemberOrder } from '../../../src/plan/etcd-order-types.js';
import { createArrivals } from '../../../src/reconcile/arrivals.js';
import type { AtWork } from '../../../src/reconcile/context.js';
import { createEtcdClaims } from '../../../src/reconcile/etcd-claims.js';
import type { EtcdRejoin } from '../../../src/reconcile/joining-member.js';
import type { NodeWork } from '../../../src/reconcile/judgement.js';
import { startEtcd } from '../../../src/reconcile/steps/start-etcd.js';
import { createEventBus } from '../../../src/runner/event-bus.js';
import type { RunEvent } from '../../../src/runner/events.js';
import type { Connection, ExecOptions } from '../../../src/ssh/transport.js';
import { execute } from '../../e2e/helpers/cli.js';
import { FakeEtcd, FakeEtcdCluster } from '../../helpers/fake-etcd.js';
import { OPERATOR, sampleFacts, sampleNode } from '../../helpers/sample-facts.js';
import { sampleOrders } from '../../helpers/sample-orders.js';
import { virtualClock } from '../../helpers/virtual-clock.js';

/* What is done to the data directory runs in bash, in a directory of its own; systemd and the lock are played. */

let root: string;
const dataOf = (): string => join(root, 'etcd');
const marker = (): string => readFileSync(join(dataOf(), 'k8s-diskless'), 'utf8');

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'k8s-diskless-etcd-'));
  writeFileSync(join(root, 'systemctl'), `#!/bin/sh\necho "$*" >>${root}/systemctl.log\n`);
  writeFileSync(join(root, 'flock'), '#!/bin/sh\n');
  for (const program of ['systemctl', 'flock']) chmodSync(join(root, program), 0o755);
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

/** systemd starts it, and it makes its data. */
function playEtcd(): void {
  const script = `echo "$*" >>${root}/systemctl.log\n[ "$1" != start ] || mkdir -p ${dataOf()}/member`;
  writeFileSync(join(root, 'systemctl'), `#!/bin/sh\n${script}\n`);
}

const markerFact = () => (existsSync(join(dataOf(), 'k8s-diskless')) ? { marker: marker().trim() } : {});

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

/** s4 carries out its order in incarnation 3 of cluster c. @param read Its data as it was read */
function runWith(
  order: MemberOrder,
  {
    arrived = ['config', 'etcd'],
    units = [START],
    isStuck = false,
    read = {} as Partial<EtcdDataFact>,
    isQuorumRecorded = false,
    phase = 'bootstrapped',
  } = {},
) {
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
    facts: sampleFacts({ etcdData: { present: existsSync(join(dataOf(), 'member')), ...markerFact(), ...read } }),
    nodeIp: '10.0.0.4',
    encoding: 'gzip',
    arrivals,
    difference: { files: [], remove: [], units, images: [] },
  } as unknown as NodeWork;
  const rejoined: string[] = [];
  const claims = createEtcdClaims();
  if (isQuorumRecorded) claims.quorumRecorded();
  const rejoin: EtcdRejoin = {
    clear: () => Promise.reject(new Error('nobody asks for it here')),
    async rejoin(node, member) {
      rejoined.push(node);
      await member.prepare(EXISTING, '17');
      await member.start();
      if (isStuck) await member.restart();
      await member.promoted('17');
    },
    async promote(node, member) {
      rejoined.push(`${node} as ${member.id}`);
      await member.start();
      await member.promoted(member.id);
    },
    async move(node, { id, url, restart }) {
      rejoined.push(`${node}: ${id} at ${url}`);
      await restart();
    },
  };
  const context = {
    signal,
    rejoin,
    bus: createEventBus({ sinks: [(event) => events.push(event)], monotonicMs: () => 0, wallClock: () => new Date(0) }),
    cluster: new FakeEtcdCluster(
      new FakeEtcd({ s4: '10.0.0.4' }),
      new Map([['s4', new NodeSession({ name: 's4', open: async () => connection, signal })]]),
    ),
    memory: { tally: new Map(), record: { etcd: { phase } } },
    claims,
    work,
    judgement: {
      orders: sampleOrders({ members: { s4: order }, quorum: { state: 'made', through: ['s4'] } }),
      record: { clusterId: 'c', operator: OPERATOR, etcd: { incarnation: 3, token: 't3', phase } },
      work: new Map([['s4', work]]),
    },
    options: {
      clock: virtualClock(),
      readyTimeoutMs: 180_000,
      stallTimeoutMs: 10_000,
      content: { pack: async (files: { content: Buffer }[]) => Buffer.concat(files.map(({ content }) => content)) },
    },
  } as unknown as AtWork;
  return {
    arrivals,
    received,
    rejoined,
    claims,
    changes: () => events.flatMap((event) => (event.type === 'change' ? [event.what] : [])),
    start: () => startEtcd(context, { node: 's4', step: 'etcd', signal, failed: new Set() }),
  };
}

const bootstrap: MemberOrder = { do: 'bootstrap' };
const joins: MemberOrder = { do: 'join-as-learner' };

describe('startEtcd', () => {
  it('names the owner of the data before there is any, and the attempt that it is made by', async () => {
    const run = runWith(bootstrap);
    expect(await run.start()).toBe('changed');
    expect(marker()).toBe('c 3 voter t3 begun\n');
    expect(run.changes()).toEqual(['claim the etcd data directory', 'start etcd.service (it does not run)']);
    expect(run.rejoined).toEqual([]);
    expect(run.claims.marker('s4')).toBe('c 3 voter t3 begun');
  });

  it('opens it before it starts where a quorum came of the others meanwhile, whose apiservers write by now', async () => {
    const run = runWith(bootstrap, { isQuorumRecorded: true });
    await run.start();
    expect(marker()).toBe('c 3 voter t3 open 100\n');
    expect(run.changes().slice(1)).toEqual([
      'note that its etcd data may hold objects',
      'start etcd.service (it does not run)',
    ]);
    expect(run.claims.marker('s4')).toBeUndefined();
  });

  it.each<[string, MemberOrder, string, string]>([
    ['a bootstrap', { do: 'bootstrap', wipe: 'discarded' }, 'begun', 'that was given up'],
    ['a bootstrap that is resumed', { do: 'resume-bootstrap', wipe: 'discarded' }, 'begun', 'that was given up'],
    ['one that begins again', { do: 'bootstrap', wipe: 'unfinished' }, 'begun', 'of a bootstrap that never finished'],
    ['a rejoin', { do: 'join-as-learner', wipe: 'rejoin' }, 'open 17', 'of a member that comes back as a new one'],
  ])('wipes data that has no place in %s, stopped first, before it is claimed', async (_title, order, phase, what) => {
    holdData('c 2');
    const run = runWith(order);
    playEtcd();
    await run.start();
    expect(existsSync(join(dataOf(), 'member', 'wal'))).toBe(false);
    expect(marker()).toBe(`c 3 voter t3 ${phase}\n`);
    expect(systemctl()[0]).toBe('stop etcd.service');
    expect(run.changes()[0]).toBe(`wipe etcd data ${what}`);
  });

  it.each([
    ['goes where systemd knows no etcd', 5, false],
    ['stays where etcd cannot be stopped: it still writes to it', 1, true],
  ])('data %s', async (_title, exit, stays) => {
    holdData('c 2');
    writeFileSync(join(root, 'systemctl'), `#!/bin/sh\ncase $1 in stop) exit ${exit} ;; esac\n`);
    const starting = runWith({ do: 'bootstrap', wipe: 'discarded' }).start();
    if (stays) await expect(starting).rejects.toMatchObject({ code: 'remote-failed', host: 's4' });
    else await starting;
    expect(existsSync(join(dataOf(), 'member', 'wal'))).toBe(stays);
    expect(marker()).toBe(stays ? 'c 2\n' : 'c 3 voter t3 begun\n');
  });

  it.each<[MemberOrder['do'], MemberOrder]>([
    ['keep', { do: 'keep' }],
    ['start', { do: 'start' }],
  ])('%s leaves the data of a member and its marker as they are', async (_title, order) => {
    holdData('c 3');
    const run = runWith(order);
    await run.start();
    expect(existsSync(join(dataOf(), 'member', 'wal'))).toBe(true);
    expect(marker()).toBe('c 3\n');
    expect(run.rejoined).toEqual([]);
  });

  it('goes on with the data of a bootstrap that is resumed, whoever wrote its marker', async () => {
    holdData('c 3');
    await runWith({ do: 'resume-bootstrap' }).start();
    expect(existsSync(join(dataOf(), 'member', 'wal'))).toBe(true);
    expect(marker()).toBe('c 3 voter t3\n');
    const again = runWith({ do: 'resume-bootstrap' }, { read: { marker: 'c 3' } });
    await again.start();
    expect(marker()).toBe('c 3 voter t3\n');
  });

  it('changes nothing where the unit runs as it should', async () => {
    const run = runWith({ do: 'keep' }, { units: [] });
    expect(await run.start()).toBe('unchanged');
    expect([run.changes(), systemctl()]).toEqual([[], []]);
  });

  it('takes a blank member in: claimed, told of the others, started and noted as a voter', async () => {
    const run = runWith(joins, { arrived: ['config'] });
    const done = run.start();
    await run.arrivals.of('config');
    expect(run.rejoined).toEqual([]);
    run.arrivals.arrived('etcd');
    playEtcd();
    expect(await done).toBe('changed');
    expect(run.rejoined).toEqual(['s4']);
    expect(run.changes()).toEqual([
      'claim the etcd data directory',
      'write /etc/kubernetes/etcd-bootstrap.env',
      'start etcd.service (it does not run)',
      'note that its etcd member is a voter',
    ]);
    expect(marker()).toBe('c 3 voter t3 open 17\n');
    expect(run.received[0]).toContain('ETCD_INITIAL_CLUSTER=s4=https://10.0.0.4:2380\n');
    expect(run.received[0]).toContain('ETCD_INITIAL_CLUSTER_STATE=existing\n');
  });

  it('starts one that does not get to serve anew', async () => {
    const run = runWith(joins, { isStuck: true });
    playEtcd();
    await run.start();
    expect(run.changes()).toContain('restart etcd.service (in sync, and yet it does not serve)');
    expect(systemctl()).toContain('restart etcd.service');
  });

  it('does not add a member whose files never arrive: nobody could start it', async () => {
    const run = runWith(joins, { arrived: ['config'] });
    run.arrivals.fail();
    await expect(run.start()).rejects.toMatchObject({ code: 'dependency-failed' });
    expect(run.rejoined).toEqual([]);
  });

  it('promotes a learner that has its data, and notes it', async () => {
    holdData('c 3 learner t3 open 17');
    const run = runWith({ do: 'promote', id: '17' });
    expect(await run.start()).toBe('changed');
    expect(run.rejoined).toEqual(['s4 as 17']);
    expect(existsSync(join(dataOf(), 'member', 'wal'))).toBe(true);
    expect(marker()).toBe('c 3 voter t3 open 17\n');
  });

  it.each(['learner t3 open 17', 'voter t3 begun'])(
    'puts a marker right that a run did not get to (%s)',
    async (was) => {
      holdData(`c 3 ${was}`);
      const run = runWith({ do: 'keep', markAs: '17' }, { units: [] });
      expect(await run.start()).toBe('changed');
      expect(run.changes()).toEqual(['note that its etcd member is a voter']);
      expect(marker()).toBe('c 3 voter t3 open 17\n');
    },
  );

  it.each(['learner t3 begun 17', 'learner t3 open 17', 'voter t3 begun'])(
    'opens no data before the quorum is recorded (%s): a restore may not be through',
    async (was) => {
      holdData(`c 3 ${was}`);
      const run = runWith({ do: 'keep', markAs: '17' }, { units: [], phase: 'bootstrapping' });
      await run.start();
      expect(marker()).toBe('c 3 voter t3 begun 17\n');
      expect(run.claims.marker('s4')).toBe('c 3 voter t3 begun 17');
      run.claims.opened('s4');
    },
  );

  it('nor that of a member that joins meanwhile; once it is, who comes later opens its own', async () => {
    const early = runWith(joins, { phase: 'bootstrapping' });
    playEtcd();
    await early.start();
    expect([marker(), early.claims.marker('s4')]).toEqual(['c 3 voter t3 begun 17\n', 'c 3 voter t3 begun 17']);
    const late = runWith({ do: 'keep', markAs: '17' }, { units: [], phase: 'bootstrapping', isQuorumRecorded: true });
    await late.start();
    expect([marker(), late.claims.marker('s4')]).toEqual(['c 3 voter t3 open 100\n', undefined]);
  });

  it('restarts a member with its new address once the others were told', async () => {
    holdData('c 3 voter t3');
    const run = runWith({ do: 'update-peer-url', id: '17', url: 'https://10.0.0.4:2380' });
    expect(await run.start()).toBe('changed');
    expect(run.rejoined).toEqual(['s4: 17 at https://10.0.0.4:2380']);
    expect(run.changes()).toEqual(['start etcd.service (it does not run)']);
  });
});

describe('what another operator did since the node was read', () => {
  const refusal = { code: 'etcd-data-claimed', exit: 5, host: 's4' };

  it('of two on the same blank node the second is refused, whichever of them it is', async () => {
    const first = runWith(bootstrap);
    const second = runWith(bootstrap);
    await first.start();
    writeFileSync(join(dataOf(), 'k8s-diskless'), 'other 1 voter t1\n');
    await expect(second.start()).rejects.toMatchObject({
      ...refusal,
      message: expect.stringContaining('it belongs to incarnation 1 of cluster other'),
      hint: expect.stringContaining('another operator'),
    });
    expect(marker()).toBe('other 1 voter t1\n');
    expect(systemctl().filter((command) => command.startsWith('start'))).toEqual(['start etcd.service']);
  });

  it('data that appeared is not written over, nor wiped when it is not what was read', async () => {
    const blank = runWith(bootstrap);
    const wiping = runWith({ do: 'bootstrap', wipe: 'discarded' }, { read: { present: true, marker: 'c 2' } });
    holdData('c 4 voter t4');
    await expect(blank.start()).rejects.toMatchObject(refusal);
    await expect(wiping.start()).rejects.toMatchObject(refusal);
    expect(existsSync(join(dataOf(), 'member', 'wal'))).toBe(true);
    expect(marker()).toBe('c 4 voter t4\n');
    expect(systemctl()).toEqual([]);
  });

  it('a claim whose answer was lost is found done', async () => {
    await runWith(bootstrap, { read: { present: false } }).start();
    const repeated = runWith(bootstrap, { read: { present: false, marker: '' } });
    expect(await repeated.start()).toBe('changed');
    expect(marker()).toBe('c 3 voter t3 begun\n');
  });

  it('what etcd made since beside a marker of ours is ours: a run that was killed as it started it is continued', async () => {
    holdData('c 3 voter t3 begun');
    const run = runWith({ do: 'resume-bootstrap' }, { read: { present: false, open: false } });
    expect(await run.start()).toBe('changed');
    expect(existsSync(join(dataOf(), 'member', 'wal'))).toBe(true);
  });
});
