import { describe, expect, it } from 'vitest';
import { DisklessError, EXIT, refusal } from '../../src/errors.js';
import { afterPass, MOST_PASSES, type PassEnd } from '../../src/reconcile/after-pass.js';
import { Deferral } from '../../src/runner/deferral.js';
import type { StepReport } from '../../src/runner/perform-step.js';

const report = (step: string, node: string, changes: Partial<StepReport> = {}): StepReport => {
  return { step, node, outcome: 'unchanged', durationMs: 1, ...changes };
};
const failed = (step: string, node: string, code: string): StepReport =>
  report(step, node, { outcome: 'failed', error: new DisklessError({ code, host: node || undefined, message: code }) });
const deferred = (step: string, node: string, until: StepReport['deferred'], reason: string): StepReport =>
  report(step, node, { outcome: 'skipped', reason, ...(until && { deferred: until }) });

const WAITS = deferred('preflight', 's5', 'next-pass', 'its etcd member waits until a quorum works');
const AWAITED = deferred('connect', 's6', 'host-answers', 'it does not answer yet');
const VERIFIED = report('verify', '');
const NO_QUORUM = failed('judge', '', 'etcd-no-quorum');

/** After the first pass of `up` on two control planes, s4 and s5, and a worker; nobody is waited for. */
function nextOf(reports: StepReport[], changes: Partial<PassEnd> = {}) {
  return afterPass({
    command: 'up',
    interrupted: false,
    pass: 1,
    hasTime: false,
    controlPlanes: ['s4', 's5'],
    reports,
    unread: new Map(),
    dnsFails: false,
    ...changes,
  });
}

const done = { finish: { exit: EXIT.done, errors: [] } };
const again = (because: string, waitFor: string[] = []) => ({ again: { because, waitFor: new Set(waitFor) } });

describe('after a pass', () => {
  it('a run is finished that left out nobody, with its exit code and errors', () => {
    expect(nextOf([VERIFIED])).toEqual(done);
    expect(nextOf([VERIFIED], { dnsFails: true })).toEqual({ finish: { exit: EXIT.partial, errors: [] } });
    const broken = failed('kubelet', 's6', 'unit-failed');
    expect(nextOf([broken, VERIFIED])).toEqual({
      finish: { exit: EXIT.partial, errors: [broken.error], error: broken.error },
    });
  });

  it('another follows for who was left for it, and each reason is said once', () => {
    const other = deferred('preflight', 's6', 'next-pass', 'it answered after the plan was made');
    const because =
      'another pass for s5: its etcd member waits until a quorum works; s6: it answered after the plan was made';
    expect(nextOf([WAITS, other, WAITS, VERIFIED])).toEqual(again(because));
  });

  it('another follows for who rebooted in it, however far it came', () => {
    expect(nextOf([failed('ready', 's6', 'rebooted'), VERIFIED])).toEqual(again('another pass for s6: it rebooted'));
  });

  it('no other follows for who only went away, unless machines are waited for', () => {
    const gone = failed('node', 's6', 'connection-lost');
    expect(nextOf([gone, VERIFIED])).toMatchObject({ finish: { exit: EXIT.partial } });
    expect(nextOf([gone, VERIFIED], { hasTime: true })).toEqual(again('another pass for s6: it went away'));
  });

  it('the last one ends the run, whoever reboots again', () => {
    const end = nextOf([failed('ready', 's6', 'rebooted'), VERIFIED], { pass: MOST_PASSES });
    expect(end).toMatchObject({ finish: { exit: EXIT.partial, error: { code: 'rebooted' } } });
  });

  it('who still boots is waited for, as long as it takes, and after everybody else', () => {
    const because = 'the rest is done; waiting for s6';
    expect(nextOf([AWAITED, VERIFIED], { hasTime: true })).toEqual(again(because, ['s6']));
    expect(nextOf([AWAITED, VERIFIED], { hasTime: true, pass: MOST_PASSES })).toEqual(again(because, ['s6']));
    expect(nextOf([AWAITED, WAITS, VERIFIED], { hasTime: true })).toEqual(
      again('another pass for s5: its etcd member waits until a quorum works'),
    );
  });

  it('who went away before the plan and has not come back is waited for like that', () => {
    const unread = new Map<string, DisklessError>([
      ['s4', new Deferral('s4', 'it does not answer yet', 'host-answers')],
      ['s5', new DisklessError({ code: 'unreachable', message: 'it does not answer' })],
    ]);
    const end = nextOf([VERIFIED], { hasTime: true, unread });
    expect(end).toEqual(again('the rest is done; waiting for s4', ['s4']));
  });
});

describe('after a pass in which the cluster failed', () => {
  it('no other follows', () => {
    expect(nextOf([NO_QUORUM, WAITS])).toMatchObject({
      finish: { exit: EXIT.failed, error: { code: 'etcd-no-quorum' } },
    });
  });

  it('another follows where a reboot may be the reason', () => {
    const end = nextOf([failed('ready', 's6', 'rebooted'), failed('verify', '', 'verification-failed')]);
    expect(end).toEqual(again('another pass for s6: it rebooted'));
  });

  it('a control plane that still boots may be the reason, and a worker not', () => {
    const awaited = { ...AWAITED, node: 's5' };
    const because = 'etcd-no-quorum; waiting for s5';
    expect(nextOf([NO_QUORUM, awaited], { hasTime: true })).toEqual(again(because, ['s5']));
    expect(nextOf([NO_QUORUM, AWAITED], { hasTime: true })).toMatchObject({ finish: { exit: EXIT.failed } });
    // Its time is over.
    expect(nextOf([NO_QUORUM, awaited])).toMatchObject({ finish: { exit: EXIT.failed } });
  });

  it('a refusal is final', () => {
    const error = refusal({ code: 'quorum-lost', message: 'no quorum' });
    const refused = report('judge', '', { outcome: 'failed', error });
    const end = nextOf([refused, failed('ready', 's6', 'rebooted')], { hasTime: true });
    expect(end).toMatchObject({ finish: { exit: EXIT.refused, error } });
  });
});

it.each([{ command: 'plan' as const }, { interrupted: true }])('no other follows for %o', (changes) => {
  const end = nextOf([WAITS, AWAITED, failed('ready', 's4', 'rebooted')], { hasTime: true, ...changes });
  expect(end).toHaveProperty('finish');
});
