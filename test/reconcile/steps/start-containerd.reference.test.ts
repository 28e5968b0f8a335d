import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { AtWork } from '../../../src/reconcile/context.js';
import { startComponents } from '../../../src/reconcile/steps/start-units.js';
import { createEventBus } from '../../../src/runner/event-bus.js';
import { clusterOf, fakeConnection, sessionOver } from '../../cluster/fake-session.js';
import { execute } from '../../e2e/helpers/cli.js';
import { sampleFacts, sampleNode } from '../../helpers/sample-facts.js';
import { sampleOrders } from '../../helpers/sample-orders.js';

/* The script that starts containerd, as bash runs it; systemd and the look at containerd are played. */

let directory: string;

const fake = (name: string, text: string): void =>
  writeFileSync(join(directory, name), `#!/bin/bash\n${text}\n`, { mode: 0o755 });
const done = (): string[] => readFileSync(join(directory, 'done'), 'utf8').trim().split('\n');
const mark = (): string => join(directory, 'marker/units/containerd.service');
const us = (...words: string[]): string => `printf '%s' ${words.map((word) => `'${word}'`).join(" $'\\x1f' ")}`;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'start-containerd-'));
  mkdirSync(join(directory, 'marker/units'), { recursive: true });
  writeFileSync(mark(), 'of an earlier start\n');
  fake('systemctl', `case $1 in restart) echo "$*" >>${directory}/done ;; esac`);
  fake('journalctl', 'echo its last words');
  containerd({});
});
afterEach(() => rmSync(directory, { recursive: true }));

/** What the look at containerd finds. */
function containerd({ config = ':', cri = ':' }: { config?: string; cri?: string }): void {
  fake('check', `echo "check $*" >>${directory}/done\ncase $1 in config) ${config} ;; cri) ${cri} ;; esac`);
}

function restart(): Promise<unknown> {
  const { signal } = new AbortController();
  const here = (text: string): string =>
    text
      .replaceAll('/opt/bin/k8s-diskless-containerd', join(directory, 'check'))
      .replaceAll('/run/k8s-diskless', join(directory, 'marker'));
  const link = fakeConnection(async ({ command, input }) => {
    const env = { ...process.env, PATH: `${directory}:${process.env.PATH}` };
    const { exit, stdout, stderr } = await execute('bash', ['-c', here(command)], env, String(input ?? ''));
    return { exitCode: exit, stdout: `Welcome!\n${stdout}`, stderr };
  });
  const unit = { name: 'containerd.service', inputs: [], disruption: 'none' as const };
  const units = [{ component: 'containerd', unit, action: 'restart', fingerprint: 'new', why: 'changed' }];
  const work = { node: sampleNode(), facts: sampleFacts(), difference: { units }, arrivals: { of: async () => {} } };
  const context = {
    signal,
    bus: createEventBus({ sinks: [], monotonicMs: () => 0, wallClock: () => new Date(0) }),
    cluster: clusterOf([sessionOver('s4', [link], signal)]),
    memory: { tally: new Map() },
    judgement: { orders: sampleOrders() },
    work,
    options: {
      readyTimeoutMs: 90_000,
      clock: { sleep: () => new Promise(() => {}) },
      state: { saveEvidence: async (name: string) => `/runs/1/${name}` },
    },
  } as unknown as AtWork;
  return startComponents('containerd')(context, { node: 's4', step: 'containerd', signal, failed: new Set() });
}

const VERSION = sampleFacts().containerd.version;

it('asks for the configuration before the start and for the CRI plugin after it, and then counts it as started', async () => {
  expect(await restart()).toBe('changed');
  expect(done()).toEqual(['check config', 'restart containerd.service', 'check cri 90']);
  expect(readFileSync(mark(), 'utf8')).toBe('new\n');
});

it('leaves containerd as it is when its configuration would not be in effect, and names key, expected and found', async () => {
  const first = us('setting', 'plugins."p".cni.bin_dirs', '["/opt/cni/bin"]', '["/elsewhere"]');
  containerd({ config: `${first}; echo; ${us('setting', 'plugins."p".x', 'true', '')}` });
  await expect(restart()).rejects.toMatchObject({
    code: 'containerd-config',
    host: 's4',
    exit: 4,
    message: `containerd ${VERSION} would not run as configured: plugins."p".cni.bin_dirs: expected ["/opt/cni/bin"], found ["/elsewhere"] (and 1 more)`,
    detail: expect.stringContaining('plugins."p".x: expected true, found nothing'),
    hint: expect.stringContaining('/etc/containerd/conf.d'),
  });
  expect(done()).toEqual(['check config']);
  expect(readFileSync(mark(), 'utf8')).toBe('of an earlier start\n');
});

it('leaves it as it is when it cannot read its configuration', async () => {
  containerd({ config: us('unreadable', 'toml: no such thing') });
  await expect(restart()).rejects.toMatchObject({
    code: 'containerd-config',
    message: `containerd ${VERSION} cannot read its configuration: toml: no such thing`,
  });
  expect(done()).toEqual(['check config']);
});

it('fails with the reason and the log of a CRI plugin that is down, and starts it again the next time', async () => {
  containerd({ cri: `${us('cri', 'runs, but its CRI plugin does not: no runtime')}; exit 2` });
  await expect(restart()).rejects.toMatchObject({
    code: 'cri-plugin-down',
    host: 's4',
    exit: 4,
    message: `containerd ${VERSION} runs, but its CRI plugin does not: no runtime`,
    detail: expect.stringContaining('its last words'),
    hint: expect.stringContaining('/runs/1/s4-containerd.service.log'),
  });
  expect(done()).toEqual(['check config', 'restart containerd.service', 'check cri 90']);
  expect(existsSync(mark())).toBe(false);
});

it('hints at more time where containerd does not answer, and only there', async () => {
  containerd({ cri: `${us('silent', 'does not answer: connection refused')}; exit 1` });
  await expect(restart()).rejects.toMatchObject({
    code: 'cri-plugin-down',
    message: `containerd ${VERSION} does not answer: connection refused`,
    hint: expect.stringContaining('--ready-timeout'),
  });
  containerd({ cri: `${us('cri', 'runs without its CRI plugin: something disables it')}; exit 2` });
  await expect(restart()).rejects.toMatchObject({ hint: expect.not.stringContaining('--ready-timeout') });
});

it('does not count as started one that ended after its start, and names the reason', async () => {
  const why = 'has ended, and systemd does not start it again: containerd: no runtime';
  containerd({ cri: `${us('ended', why)}; exit 2` });
  await expect(restart()).rejects.toMatchObject({
    code: 'unit-failed',
    host: 's4',
    exit: 4,
    message: `containerd ${VERSION} ${why}`,
    detail: expect.stringContaining('its last words'),
    hint: expect.stringMatching(/s4-containerd\.service\.log; once the reason is gone, the next up starts it again$/),
  });
  expect(existsSync(mark())).toBe(false);
});

it('does not take silence for consent when the look itself fails', async () => {
  containerd({ config: 'exit 127' });
  await expect(restart()).rejects.toMatchObject({ code: 'unit-failed', host: 's4' });
  expect(done()).toEqual(['check config']);
});
