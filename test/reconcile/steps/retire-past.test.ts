import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { UNITS_OF_AN_INCARNATION } from '../../../src/components/roster.js';
import { scriptText } from '../../../src/node/script-text.js';
import type { AtWork } from '../../../src/reconcile/context.js';
import { retirePast } from '../../../src/reconcile/steps/retire-past.js';
import { createEventBus } from '../../../src/runner/event-bus.js';
import { type Answer, clusterOf, fakeConnection, sessionOver, type Told } from '../../cluster/fake-session.js';
import { localShell } from '../../helpers/local-shell.js';
import { sampleFacts } from '../../helpers/sample-facts.js';

const marker = { clusterId: 'c1', incarnation: 1, files: [], units: {}, images: [] };

function runWith(survivor: boolean, answer: Answer = () => ({}), origin?: object) {
  const { signal } = new AbortController();
  const told: Told[] = [];
  const link = fakeConnection((command) => {
    told.push(command);
    return answer(command);
  });
  const tally = new Map<string, { changes: number }>();
  const context = {
    signal,
    bus: createEventBus({ sinks: [], monotonicMs: () => 0, wallClock: () => new Date(0) }),
    cluster: clusterOf([sessionOver('s5', [link], signal)]),
    memory: { tally },
    judgement: { record: { clusterId: 'c1', etcd: { incarnation: 2, ...(origin && { origin }) } } },
    work: { survivor, facts: sampleFacts({ marker }) },
  } as unknown as AtWork;
  return { told, tally, retire: () => retirePast(context, { node: 's5', step: 'retire', signal, failed: new Set() }) };
}

describe('retirePast', () => {
  it('leaves a node of this incarnation alone', async () => {
    const { told, retire } = runWith(false);
    expect(await retire()).toEqual({ outcome: 'unchanged', gives: [] });
    expect(told).toEqual([]);
  });

  it('tells the node whose it becomes, and all units that hold something of what is past', async () => {
    const { told, tally, retire } = runWith(true);
    expect(await retire()).toEqual({ outcome: 'changed', gives: [] });
    expect(tally.get('s5')?.changes).toBe(1);
    expect(told[0]?.command).toMatch(/^bash -s -- \/run\/k8s-diskless c1 2 end kube-proxy\.service .*etcd\.service$/);
  });

  it('leaves pods to the kubelet where the past was restored', async () => {
    const { told, retire } = runWith(true, () => ({}), { snapshot: '1-7', phase: 'kept' });
    expect(await retire()).toEqual({ outcome: 'changed', gives: [] });
    expect(told[0]?.command).toMatch(/ c1 2 keep kube-proxy\.service /);
  });

  it('fails with what is still there', async () => {
    const { retire } = runWith(true, () => ({ exitCode: 1, stderr: 'containers of the past are still there: x' }));
    const failure = { code: 'remote-failed', host: 's5', detail: expect.stringContaining('still there: x') };
    await expect(retire()).rejects.toMatchObject(failure);
  });
});

describe('the script', () => {
  /** The kernel writes the space as three digits, and others follow. */
  const VOLUME = '/var/lib/kubelet/pods/u1/volumes/kubernetes.io~nfs/a 7 50%';

  /** In a shell of this machine, every directory of a node below one of the test's. */
  async function sandbox(umount = 'return 32', origin?: object) {
    const root = await realpath(await mkdtemp(join(tmpdir(), 'retire-past-')));
    onTestFinished(() => rm(root, { recursive: true }));
    const file = join(root, VOLUME, 'precious');
    const mounts = join(root, 'proc/self/mountinfo');
    for (const directory of [dirname(file), dirname(mounts), join(root, 'run/k8s-diskless')])
      await mkdir(directory, { recursive: true });
    await writeFile(file, 'data of a user');
    const mounted = `${root}${VOLUME}`.replaceAll(' ', '\\040');
    await writeFile(mounts, `22 1 0:5 / / rw - tmpfs x rw\n36 22 0:7 / ${mounted} rw - nfs4 server:/x rw\n`);
    const log = `{ echo "$*"; cat ${root}/run/k8s-diskless/cluster; } >>${root}/log 2>/dev/null || :`;
    const programs = `systemctl() { ${log}; }; ctr() { :; }; ip() { :; }; umount() { ${umount}; }; mounts=${mounts}`;
    const rewrite = (text: string): string => {
      const moved = text.replace('#!/bin/bash', '').replaceAll(/(^|[ =<>])\/(var|run|proc)\//gm, `$1${root}/$2/`);
      // Nothing of this machine may be removed: every path is below the test's own directory.
      expect(moved.split(`${root}/`).join('')).not.toMatch(/(?<![\w"}*])\/(?!dev\/null)\w/);
      return text.startsWith('#!') ? `${programs}\n${moved}` : moved;
    };
    const { exec } = localShell({ rewrite }).node.session;
    const done = (): string[] => readFileSync(join(root, 'log'), 'utf8').trim().split('\n');
    return { ...runWith(true, ({ command, ...options }) => exec(command, options), origin), exec, root, file, done };
  }

  it('ends what runs first, and names the new incarnation last: what was interrupted is done again', async () => {
    const { retire, root, done } = await sandbox(': >"$mounts"');
    await writeFile(join(root, 'run/k8s-diskless/cluster'), 'c1 1\n');
    await retire();
    const units = UNITS_OF_AN_INCARNATION.join(' ');
    const past = 'c1 1';
    expect(done()).toEqual([
      `stop ${units}`,
      past,
      'start containerd.service',
      past,
      'restart containerd.service',
      past,
    ]);
    expect(readFileSync(join(root, 'run/k8s-diskless/cluster'), 'utf8')).toBe('c1 2\n');
  });

  it('stops what watches, and touches neither containers nor volumes, where the past was restored', async () => {
    const { retire, root, file, done } = await sandbox('return 1', { snapshot: '1-7', phase: 'kept' });
    for (const pod of ['default_web-1_u1', 'default_gone_u2'])
      await mkdir(join(root, 'var/log/pods', pod), { recursive: true });
    // One whose logs are still there has ended before.
    expect(await retire()).toEqual({
      outcome: 'changed',
      gives: [{ namespace: 'default', name: 'web-1', uid: 'u1' }],
    });
    expect(done()).toEqual([`stop ${UNITS_OF_AN_INCARNATION.join(' ')}`]);
    expect(readFileSync(file, 'utf8')).toBe('data of a user');
    expect(readFileSync(join(root, 'run/k8s-diskless/cluster'), 'utf8')).toBe('c1 2\n');
  });

  it('does nothing when it breaks off on its way', async () => {
    const { exec, root } = await sandbox();
    const text = scriptText('retire-past.bash');
    const input = text.slice(0, text.length - 'n "$@"\n'.length);
    const { exitCode } = await exec('bash -s -- /run/k8s-diskless c1 2 kubelet.service', { label: '', input });
    expect([exitCode, existsSync(join(root, 'log'))]).toEqual([127, false]);
  });

  it('unmounts what pods had mounted before their directory goes', async () => {
    const { retire, root } = await sandbox(`printf '%s\\n' "$2" >"$mounts.asked"; : >"$mounts"`);
    expect(await retire()).toEqual({ outcome: 'changed', gives: [] });
    expect(readFileSync(join(root, 'proc/self/mountinfo.asked'), 'utf8')).toBe(`${root}${VOLUME}\n`);
    expect(existsSync(join(root, 'var/lib/kubelet/pods'))).toBe(false);
    expect(readFileSync(join(root, 'run/k8s-diskless/cluster'), 'utf8')).toBe('c1 2\n');
  });

  it('keeps everything when that cannot be unmounted, for its files belong to a user', async () => {
    const { retire, root, file } = await sandbox();
    await expect(retire()).rejects.toMatchObject({
      code: 'remote-failed',
      detail: expect.stringContaining('could not be unmounted'),
    });
    expect(readFileSync(file, 'utf8')).toBe('data of a user');
    expect(existsSync(join(root, 'run/k8s-diskless/cluster'))).toBe(false);
  });
});
