import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RunEvent } from '../../src/runner/events.js';
import type { StepReport } from '../../src/runner/perform-step.js';
import { readClusterRecord, writeClusterRecord } from '../../src/state/record-files.js';
import { stateDirAt } from '../../src/state/state-dir.js';
import { type Fleet, startFleet } from '../helpers/fake-node/fleet.js';
import { writeReleases } from '../helpers/release-directory.js';
import { passesUntilSent, prepareUp } from '../helpers/up-until-sent.js';

/*
 * `up --wait` until files are sent, with machines whose sshd comes late, in a bad state, or never. n1 is the control
 * plane where nothing else is said.
 */

let scratch: string;
let fleet: Fleet;

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'wait-'));
  mkdirSync(join(scratch, 'artifacts'));
  writeReleases(join(scratch, 'artifacts'));
  vi.stubEnv('XDG_CACHE_HOME', join(scratch, 'cache'));
});

afterEach(async () => {
  // Closed ones are closed already.
  await fleet?.close().catch(() => {});
  vi.unstubAllEnvs();
  rmSync(scratch, { recursive: true, force: true });
});

const node = (name: string) => {
  const found = fleet.nodes.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no node ${name}`);
  return found;
};

async function up(options: {
  count: number;
  controlPlane?: string;
  wait?: number;
  /** How fast time passes. */
  speed?: number;
  /** Once this holds after an event, the rest of the wait passes at once. */
  timeIsUp?: () => boolean;
  onEvent?: (event: RunEvent) => void;
}): Promise<StepReport[]> {
  const { count, controlPlane = 'n1', wait, speed = 1, timeIsUp = () => false, onEvent } = options;
  const flags = {
    hosts: `n[1-${count}]`,
    controlPlane,
    artifacts: join(scratch, 'artifacts'),
    sshConfig: fleet.sshConfig,
    stateDir: join(scratch, 'state'),
    connectTimeout: 5,
    ...(wait !== undefined && { wait }),
  };
  const over = new AbortController();
  const end = (): void => {
    if (timeIsUp()) over.abort();
  };
  const input = await prepareUp(flags, [...(onEvent ? [onEvent] : []), end], new AbortController().signal);
  const { now, monotonicMs, sleep } = input.clock;
  const clock = {
    now,
    monotonicMs: () => speed * monotonicMs() + (over.signal.aborted ? (wait ?? 0) : 0),
    async sleep(ms: number, signal: AbortSignal): Promise<void> {
      await sleep(ms / speed, AbortSignal.any([signal, over.signal])).catch(() => signal.throwIfAborted());
    },
  };
  return passesUntilSent({ ...input, clock });
}

const failures = (reports: readonly StepReport[]) =>
  reports.flatMap(({ node: name, step, error }) => (error ? [`${name} ${step} ${error.code}`] : []));
const served = () => fleet.nodes.filter(({ deliveries }) => deliveries.length > 0).map(({ name }) => name);

describe('up --wait', () => {
  it('takes in each machine once its sshd answers, and reports the rest at the end', { timeout: 120_000 }, async () => {
    fleet = await startFleet({ count: 5, zstd: false, directory: scratch });
    for (const late of ['n1', 'n3', 'n5']) await node(late).sshd.close();
    const notes: string[] = [];
    const onEvent = (event: RunEvent): void => {
      if (event.type !== 'note') return;
      notes.push([event.node, event.code].filter(Boolean).join(' '));
      // The control plane comes up when it is waited for, a worker only when all others have been served.
      if (event.node === 'n1' && event.code === 'waiting') void node('n1').sshd.listen();
      if (event.code === 'another-pass' && served().join() === 'n1,n2,n4') void node('n3').sshd.listen();
    };
    const timeIsUp = (): boolean => served().join() === 'n1,n2,n3,n4';
    const reports = await up({ count: 5, wait: 600_000, onEvent, timeIsUp });
    expect(served()).toEqual(['n1', 'n2', 'n3', 'n4']);
    expect(failures(reports)).toEqual(['n5 connect unreachable']);
    const waitedFor = notes.filter((note) => note.endsWith(' waiting'));
    expect(waitedFor).toEqual(expect.arrayContaining(['n1 waiting', 'n3 waiting', 'n5 waiting']));
    expect(waitedFor).not.toContain('n2 waiting');
  });

  it('asks a machine that hangs up on us rarely, with one connection at a time', async () => {
    fleet = await startFleet({ count: 2, zstd: false, directory: scratch });
    const { sshd } = node('n2');
    sshd.faults = { resetBeforeBanner: 1000 };
    const reports = await up({ count: 2, wait: 3_000 });
    expect(failures(reports)).toEqual(['n2 connect reset-before-banner']);
    expect(sshd.connections).toBe(1);
    expect(served()).toEqual(['n1']);
  });

  it('waits for one that accepts connections before its sshd is able to speak', async () => {
    fleet = await startFleet({ count: 2, zstd: false, directory: scratch });
    const { sshd } = node('n2');
    sshd.faults = { holdBanner: new Promise(() => {}) };
    const onEvent = (event: RunEvent): void => {
      if (event.type === 'note' && event.node === 'n2' && event.code === 'waiting') sshd.faults = {};
    };
    expect(failures(await up({ count: 2, wait: 20_000, onEvent }))).toEqual([]);
    expect(served()).toEqual(['n1', 'n2']);
  });

  it('does not wait for what time cannot mend', async () => {
    fleet = await startFleet({ count: 2, zstd: false, directory: scratch });
    node('n2').sshd.faults = { refuseExec: true };
    const [failed] = failures(await up({ count: 2, wait: 3_600_000 }));
    expect(failed).toMatch(/^n2 facts /);
    expect(served()).toEqual(['n1']);
  });

  it('ends as without it when the control plane never comes', async () => {
    fleet = await startFleet({ count: 2, zstd: false, directory: scratch });
    await node('n1').sshd.close();
    const without = failures(await up({ count: 2 }));
    expect(failures(await up({ count: 2, wait: 2_000 }))).toEqual(without);
    expect(without).toContain('n1 connect unreachable');
    expect(served()).toEqual([]);
  });
});

describe('up --wait on a recorded cluster of three control planes, one of them off', () => {
  // No fake node has an etcd that would answer, and it is asked for a while.
  const cluster = { count: 5, controlPlane: 'n1,n2,n3', speed: 10 };

  /** n1 … n5 as after a bring-up; members of etcd run where it is said. */
  async function recorded({ running }: { running: readonly string[] }): Promise<void> {
    fleet = await startFleet({ count: 5, zstd: false, directory: scratch });
    await up(cluster);
    const state = stateDirAt(join(scratch, 'state'));
    const record = await readClusterRecord(state);
    if (record === undefined) throw new Error('nothing was recorded');
    const { clusterId, etcd } = record;
    await writeClusterRecord(state, { ...record, etcd: { ...etcd, phase: 'bootstrapped' } });
    for (const name of running) node(name).etcd = { clusterId, incarnation: etcd.incarnation };
    for (const { deliveries } of fleet.nodes) deliveries.length = 0;
    await node('n3').sshd.close();
  }

  it('serves everybody else at once, and takes it in when it comes', async () => {
    await recorded({ running: ['n1', 'n2', 'n3'] });
    const onEvent = (event: RunEvent): void => {
      const isRestDone = event.type === 'note' && event.code === 'another-pass';
      if (isRestDone && served().join() === 'n1,n2,n4,n5') void node('n3').sshd.listen();
    };
    expect(failures(await up({ ...cluster, wait: 200_000, onEvent }))).toEqual([]);
    expect(served()).toEqual(['n1', 'n2', 'n3', 'n4', 'n5']);
  });

  it('waits for it where the others are blank, and then refuses: it may hold the data', async () => {
    await recorded({ running: [] });
    const failed = failures(await up({ ...cluster, wait: 20_000 }));
    expect(failed).toEqual(expect.arrayContaining(['n3 connect unreachable', ' judge may-hold-data']));
    expect(served()).toEqual([]);
  });

  it('waits for it where only one other holds the data', async () => {
    await recorded({ running: ['n1', 'n3'] });
    const onEvent = (event: RunEvent): void => {
      if (event.type === 'note' && event.node === 'n3' && event.code === 'waiting') void node('n3').sshd.listen();
    };
    await up({ ...cluster, wait: 200_000, onEvent });
    expect(served()).toEqual(['n1', 'n3', 'n4', 'n5']);
  });

  it('reads another one again that goes down meanwhile: its data is gone, and it waits for the one that has its', async () => {
    await recorded({ running: ['n1', 'n3'] });
    const goDown = async (): Promise<void> => {
      node('n1').etcd = undefined;
      await node('n1').sshd.close();
      await node('n3').sshd.listen();
    };
    let isRead = false;
    const onEvent = (event: RunEvent): void => {
      if (event.type === 'step-finished' && event.step === 'facts' && event.node === 'n1' && !isRead) {
        isRead = true;
        void goDown();
      }
      if (event.type === 'note' && event.node === 'n1' && event.code === 'waiting') void node('n1').sshd.listen();
    };
    const left = ['n1 preflight left-out', 'n2 preflight left-out'];
    expect(failures(await up({ ...cluster, wait: 200_000, onEvent }))).toEqual(left);
    expect(served()).toEqual(['n3', 'n4', 'n5']);
  });
});
