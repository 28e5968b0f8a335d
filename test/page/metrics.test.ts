import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { metricsText } from '../../src/page/metrics.js';
import type { PageState } from '../../src/page/page-state.js';
import { partialRun } from '../ui/sample-runs.js';
import { NOW, sampleState } from './sample-state.js';

interface Family {
  type: string;
  help: string;
  /** By labels as they are written. */
  samples: Map<string, number>;
}

/** As Prometheus reads the text: a family is described before its samples, and once. */
function parsed(text: string): Map<string, Family> {
  const families = new Map<string, Family>();
  expect(text.endsWith('\n')).toBe(true);
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const [, help, of = '', words = ''] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (help === 'HELP') {
      expect(families.has(of)).toBe(false);
      families.set(of, { type: '', help: words, samples: new Map() });
    } else if (help === 'TYPE') {
      Object.assign(families.get(of) ?? {}, { type: words });
    } else {
      const [, name = '', labels = '', value = ''] =
        /^([a-z][a-z0-9_]*)(\{(?:[a-z_]+="(?:[^"\\]|\\.)*",?)*\})? (\S+)$/.exec(line) ?? [];
      expect(families.get(name)?.type, line).toMatch(/^(gauge|counter)$/);
      families.get(name)?.samples.set(labels, Number(value));
    }
  }
  return families;
}

async function read(state: PageState): Promise<(name: string, labels?: string) => number | undefined> {
  const families = parsed(await metricsText(state, 2, NOW));
  return (name, labels = '') => families.get(`k8s_diskless_${name}`)?.samples.get(labels);
}

it('a cluster that is well', async () => {
  const value = await read(sampleState());
  expect({
    nodes: value('nodes'),
    ready: value('nodes_ready'),
    s4: value('node_ready', '{node="s4",role="control-plane"}'),
    voters: value('etcd_voters'),
    answering: value('etcd_voters_answering'),
    quorum: value('etcd_has_quorum'),
    incarnation: value('incarnation'),
    age: value('last_snapshot_age_seconds'),
    restorable: value('snapshots_restorable'),
    lag: value('log_lag_seconds', '{node="s5"}'),
    healthy: value('log_healthy', '{node="s5"}'),
    certificate: value('certificate_remaining_seconds', '{authority="kubernetes"}'),
    done: value('runs_total', '{outcome="done"}'),
    failed: value('runs_total', '{outcome="failed"}'),
    seconds: value('run_seconds_total', '{outcome="done"}'),
    lastRun: value('last_run_timestamp_seconds'),
    success: value('last_run_success'),
    running: value('running'),
    waiting: value('waiting'),
    readers: value('page_readers'),
  }).toEqual({
    nodes: 3,
    ready: 3,
    s4: 1,
    voters: 3,
    answering: 3,
    quorum: 1,
    incarnation: 4,
    age: 180,
    restorable: 2,
    lag: 0.18,
    healthy: 1,
    certificate: (Date.parse('2036-11-20T00:00:00Z') - NOW.getTime()) / 1000,
    done: 1,
    failed: 0,
    seconds: 7.5,
    lastRun: Date.parse('2026-11-20T10:00:07.500Z') / 1000,
    success: 1,
    running: 0,
    waiting: 0,
    readers: 2,
  });
});

it('one that is not', async () => {
  const state = sampleState(partialRun());
  const document = state.status?.document;
  Object.assign(document?.nodes[1] ?? {}, { rebooted: true });
  Object.assign(document?.members[1] ?? {}, { silent: 'timed out' });
  Object.assign(document ?? {}, { noQuorum: 'nobody answers' });
  const value = await read({ ...state, waitsFor: 's5', log: { lagMs: 4000, node: 's4', problem: 'behind' } });
  expect(value('nodes_ready')).toBe(2);
  expect(value('node_ready', '{node="s5",role="control-plane"}')).toBe(0);
  expect(value('etcd_voters_answering')).toBe(2);
  expect(value('etcd_has_quorum')).toBe(0);
  expect(value('log_healthy', '{node="s4"}')).toBe(0);
  expect(value('waiting')).toBe(1);
  expect(value('runs_total', '{outcome="partial"}')).toBe(1);
  expect(value('last_run_success')).toBe(0);
});

it('what is not known is not there, rather than nought', async () => {
  const value = await read({ epochs: [], snapshots: [], runs: [], events: [] });
  for (const name of ['nodes', 'etcd_has_quorum', 'last_snapshot_age_seconds', 'last_run_success', 'incarnation']) {
    expect(value(name)).toBeUndefined();
  }
  expect(value('runs_total', '{outcome="failed"}')).toBe(0);
});

it('names of machines are labels, whatever they are', async () => {
  const state = sampleState();
  Object.assign(state.status?.document.nodes[0] ?? {}, { name: 'a"}\n# evil 1\\' });
  const value = await read(state);
  expect(value('node_ready', '{node="a\\"}\\n# evil 1\\\\",role="control-plane"}')).toBe(1);
});

it('counters end in _total and times in their unit', async () => {
  for (const [name, { type, help }] of parsed(await metricsText(sampleState(), 0, NOW))) {
    expect(name).toMatch(/^k8s_diskless_[a-z_]+$/);
    expect(name.endsWith('_total'), name).toBe(type === 'counter');
    expect(name, name).not.toMatch(/_(ms|minutes|days)/);
    expect(help).toMatch(/^[A-Z].+\.$/);
  }
});

it('docs/page.md names each, with its labels', async () => {
  const page = await readFile('docs/page.md', 'utf8');
  const named = [...page.matchAll(/`(k8s_diskless_\w+)(?:\{([\w,]+)\})?`/g)].map(([, name, labels = '']) => [
    name,
    labels,
  ]);
  const text = await metricsText(sampleState(), 0, NOW);
  const given = [...parsed(text)].map(([name, { samples }]) => {
    const [labels = ''] = samples.keys();
    return [name, [...labels.matchAll(/(\w+)=/g)].map(([, label]) => label).join(',')];
  });
  expect(named.toSorted()).toEqual(given.toSorted());
});
