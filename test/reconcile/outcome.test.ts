import { describe, expect, it } from 'vitest';
import { DisklessError, EXIT, refusal, toDisklessError, usageError } from '../../src/errors.js';
import type { NodeWork } from '../../src/reconcile/judgement.js';
import { type OutcomeInput, outcomeOf, summarise } from '../../src/reconcile/outcome.js';
import type { StepReport } from '../../src/runner/perform-step.js';
import { nodeTable } from '../../src/ui/node-table.js';
import { PLAIN } from '../../src/ui/style.js';
import { sampleFacts, sampleSpec } from '../helpers/sample-facts.js';

const failure = new DisklessError({ code: 'unit-failed', message: 'kubelet.service did not start' });

function report(step: string, node: string, changes: Partial<StepReport> = {}): StepReport {
  return { step, node, outcome: 'unchanged', durationMs: 1, ...changes };
}

const failed = (step: string, node: string, error: DisklessError = failure): StepReport =>
  report(step, node, { outcome: 'failed', error });

function exitOf(reports: StepReport[], changes: Partial<OutcomeInput> = {}): number {
  return outcomeOf({ reports, command: 'up', interrupted: false, ...changes }).exit;
}

describe('outcomeOf', () => {
  const verified = report('verify', '');

  it('0: nothing failed, whatever was skipped for a reason of its own', () => {
    expect(exitOf([report('connect', 's4'), report('ready', 's5', { outcome: 'skipped' }), verified])).toBe(EXIT.done);
  });

  it.each(['connect', 'facts', 'preflight', 'kubelet', 'images'])(
    '3: a node failed at %s, and the cluster works',
    (step) => {
      expect(exitOf([failed(step, 's5'), verified])).toBe(EXIT.partial);
    },
  );

  it('3: nothing failed, but the cluster DNS that was applied does not answer', () => {
    expect(exitOf([verified], { dnsFails: true })).toBe(EXIT.partial);
    expect(exitOf([failed('verify', '')], { dnsFails: true })).toBe(EXIT.failed);
  });

  it('4: a node failed, and nobody could say that the cluster works', () => {
    expect(exitOf([failed('apiserver', 's4'), report('verify', '', { outcome: 'skipped' })])).toBe(EXIT.failed);
  });

  it('5: nothing works, and only because nodes were refused', () => {
    const claimed = refusal({ code: 'etcd-data-claimed', message: 'another operator was faster' });
    const skipped = report('verify', '', { outcome: 'skipped' });
    expect(exitOf([failed('etcd', 's4', claimed), failed('etcd', 's5', claimed), skipped])).toBe(EXIT.refused);
    expect(exitOf([failed('etcd', 's4', claimed), failed('etcd', 's5'), skipped])).toBe(EXIT.failed);
    expect(exitOf([failed('etcd', 's4', claimed), verified])).toBe(EXIT.partial);
  });

  it('5: data that could not be copied waits for a person, though the cluster works', () => {
    const waiting = refusal({ code: 'stray-not-kept', message: 'no room' });
    expect(exitOf([failed('stray', 's4', waiting), failed('images', 's5'), verified])).toBe(EXIT.refused);
  });

  it('a failed step of the cluster decides, with its own exit code', () => {
    const refused = refusal({ code: 'quorum-lost', message: 'no quorum' });
    expect(exitOf([failed('connect', 's5'), failed('judge', '', refused)])).toBe(EXIT.refused);
    expect(exitOf([failed('judge', '', usageError({ code: 'artifact-missing', message: 'x' }))])).toBe(EXIT.usage);
    expect(exitOf([failed('healthy', 's4'), failed('verify', '')])).toBe(EXIT.failed);
  });

  it('1: a bug of ours is never hidden by what else happened', () => {
    const bug = toDisklessError(new TypeError('oops'));
    expect(exitOf([failed('judge', '', refusal({ code: 'x', message: 'x' })), failed('send', 's5', bug)])).toBe(
      EXIT.bug,
    );
  });

  it('130: an interrupted run says only that', () => {
    expect(exitOf([failed('judge', '')], { interrupted: true })).toBe(EXIT.interrupted);
  });

  it('a plan is complete once it was judged', () => {
    expect(exitOf([failed('connect', 's5'), report('judge', '')], { command: 'plan' })).toBe(EXIT.partial);
    expect(exitOf([failed('connect', 's5'), report('judge', '', { outcome: 'skipped' })], { command: 'plan' })).toBe(
      EXIT.failed,
    );
  });

  const decisive = (reports: StepReport[]) => outcomeOf({ reports, command: 'up', interrupted: false });

  it('keeps every error for the report', () => {
    expect(decisive([failed('kubelet', 's5'), verified]).errors).toEqual([failure]);
  });

  it('names the error that the exit code is for', () => {
    const bug = toDisklessError(new TypeError('oops'));
    const refused = refusal({ code: 'quorum-lost', message: 'no quorum' });
    expect(decisive([verified]).error).toBeUndefined();
    expect(decisive([failed('kubelet', 's5'), verified]).error).toBe(failure);
    expect(decisive([failed('connect', 's5'), failed('judge', '', refused)]).error).toBe(refused);
    expect(decisive([failed('judge', '', refused), failed('send', 's5', bug)]).error).toBe(bug);
  });
});

describe('summarise', () => {
  /** Those whose `ready` is among the reports gave their version there, s4 one that is known. */
  const summaryOf = (reports: StepReport[]) =>
    summarise({
      spec: sampleSpec(),
      tally: new Map([['s4', { changes: 3, bytesSent: 10 }]]),
      judgement: { work: new Map([['s4', { nodeIp: '10.146.225.4', facts: sampleFacts() } as NodeWork]]) },
      ready: new Map(
        reports.flatMap(({ step, node }) =>
          step === 'ready' ? [[node, { kubeletVersion: node === 's4' ? 'v1.37.2' : undefined }]] : [],
        ),
      ),
      reports,
    });
  const stateOf = (name: string, reports: StepReport[]) => summaryOf(reports).find((node) => node.name === name);

  it('tells what was done to whom', () => {
    const ready = [report('ready', 's4', { outcome: 'changed' }), report('ready', 's5')];
    expect(stateOf('s4', ready)).toMatchObject({ state: 'ready', changes: 3, bytesSent: 10, nodeIp: '10.146.225.4' });
    expect(stateOf('s5', ready)).toMatchObject({ state: 'unchanged', changes: 0, bytesSent: 0 });
  });

  it('tells the version of a kubelet that was seen Ready, and the table shows it', () => {
    const nodes = summaryOf([report('ready', 's4', { outcome: 'changed' })]);
    expect(nodes.map(({ version }) => version)).toEqual(['v1.37.2', undefined, undefined]);
    const [, ...rows] = nodeTable({ nodes, width: 120, style: PLAIN });
    expect(rows.map((row) => row.includes(' v1.37.2 '))).toEqual([true, false, false]);
  });

  it('tells who took no part from who failed, and why', () => {
    expect(stateOf('s5', [failed('connect', 's5')])).toMatchObject({ state: 'skipped', reason: failure.message });
    expect(stateOf('s5', [report('ready', 's5'), failed('healthy', 's5')])).toMatchObject({
      state: 'failed',
      reason: failure.message,
    });
    expect(stateOf('s6', [])).toMatchObject({ state: 'skipped' });
  });
});
