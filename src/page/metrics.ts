import { Counter, Gauge, Registry } from 'prom-client';
import type { PageState, RunOutcome } from './page-state.js';
import { summaryOf } from './summary.js';

export const METRICS_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

const OUTCOMES: readonly RunOutcome[] = ['done', 'partial', 'failed', 'refused', 'interrupted'];

interface Sample {
  labels?: Record<string, string>;
  value: number;
}

/**
 * A state as Prometheus reads it: in seconds, and what is not known is not there. Made anew each time, since a gauge that
 * stays would keep what is no longer true.
 */
export function metricsText(state: PageState, readers: number, now: Date): Promise<string> {
  const registry = new Registry();
  const gauge = (name: string, help: string, samples: readonly Sample[]): void => {
    if (samples.length === 0) return;
    const labelNames = Object.keys(samples[0]?.labels ?? {});
    const metric = new Gauge({ name: `k8s_diskless_${name}`, help, labelNames, registers: [registry] });
    for (const { labels = {}, value } of samples) metric.set(labels, value);
  };
  clusterGauges(state, now, gauge);
  memoryGauges(state, now, gauge);
  runMetrics(state, registry, gauge);
  gauge('page_readers', 'Readers of the page that are connected.', [{ value: readers }]);
  return registry.metrics();
}

type AddGauge = (name: string, help: string, samples: readonly Sample[]) => void;

function clusterGauges(state: PageState, now: Date, gauge: AddGauge): void {
  const summary = summaryOf(state);
  if (state.status === undefined || summary === undefined) return;
  const { takenAt, document } = state.status;
  const { nodes, ready, etcd } = summary;
  gauge('status_timestamp_seconds', 'When the cluster was last looked at.', one(secondsOf(takenAt)));
  gauge('problems', 'What is not as it should be, as status counts it.', one(document.problems.length));
  gauge('nodes', 'Nodes of the cluster.', one(nodes.length));
  gauge('nodes_ready', 'Nodes that are ready, and as they should be.', one(ready));
  gauge(
    'node_ready',
    'Whether a node is ready, and as it should be.',
    nodes.map(({ name, role, state: word }) => ({ labels: { node: name, role }, value: Number(word === 'ready') })),
  );
  gauge('etcd_voters', 'Members of etcd that have a vote.', one(etcd.voters));
  gauge('etcd_voters_answering', 'Members of etcd that have a vote and answer.', one(etcd.answering));
  gauge('etcd_has_quorum', 'Whether a quorum of etcd was proven.', one(Number(etcd.hasQuorum)));
  gauge('incarnation', 'Which life of the data of etcd it is.', one(document.incarnation));
  gauge(
    'certificate_remaining_seconds',
    'Seconds until a certificate authority ends.',
    document.authorities.map(({ id, ends }) => ({
      labels: { authority: id },
      value: secondsOf(ends) - secondsOf(now.toISOString()),
    })),
  );
}

function memoryGauges({ snapshots, status, log }: PageState, now: Date, gauge: AddGauge): void {
  const takenAt = snapshots[0]?.takenAt ?? status?.document.snapshot?.takenAt;
  const restorable = snapshots.filter(({ problems }) => problems.length === 0);
  gauge('snapshots', 'Snapshots that are kept.', one(snapshots.length));
  gauge('snapshots_restorable', 'Snapshots that the cluster could be restored from.', one(restorable.length));
  if (takenAt !== undefined) {
    const age = secondsOf(now.toISOString()) - secondsOf(takenAt);
    gauge('last_snapshot_age_seconds', 'Age of the newest snapshot.', one(age));
  }
  if (log === undefined) return;
  const labels = { node: log.node };
  gauge('log_lag_seconds', 'For so long something written may not be on the operator.', [
    { labels, value: log.lagMs / 1000 },
  ]);
  gauge('log_healthy', 'Whether the change log is followed as it should be.', [
    { labels, value: Number(log.problem === undefined) },
  ]);
}

function runMetrics({ runs, now, last, waitsFor }: PageState, registry: Registry, gauge: AddGauge): void {
  const registers = [registry];
  const labelNames = ['outcome'];
  const ended = new Counter({ name: 'k8s_diskless_runs_total', help: 'Runs that ended.', labelNames, registers });
  const help = 'Seconds that runs took which ended.';
  const seconds = new Counter({ name: 'k8s_diskless_run_seconds_total', help, labelNames, registers });
  for (const outcome of OUTCOMES) {
    const total = runs.find((each) => each.outcome === outcome);
    ended.inc({ outcome }, total?.count ?? 0);
    seconds.inc({ outcome }, total?.seconds ?? 0);
  }
  gauge('running', 'Whether a run goes on.', one(Number(now !== undefined)));
  gauge(
    'waiting',
    'Whether serve waits for something that a person may have to do.',
    one(Number(waitsFor !== undefined)),
  );
  if (last === undefined) return;
  const end = secondsOf(last.since) + last.durationMs / 1000;
  gauge('last_run_timestamp_seconds', 'When the last run ended.', one(end));
  gauge('last_run_success', 'Whether the last run did all it had to.', one(Number(last.outcome === 'done')));
}

const one = (value: number): Sample[] => [{ value }];
const secondsOf = (time: string): number => Date.parse(time) / 1000;
