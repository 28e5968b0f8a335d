import { bytesText } from '../../../ui/units.js';
import { escapeText } from '../../../web/escape-text.js';
import type { Analysis } from '../../analysis/analyse.js';
import { latencyText } from '../figures.js';
import { element } from '../svg/element.js';
import { mtuTable, nodesTable } from '../tables/run-tables.js';
import { htmlTable, paragraph, section } from './parts.js';

export function environmentSection(analysis: Analysis): string {
  const { record } = analysis;
  const mtu = mtuTable(analysis);
  return section({
    id: 'environment',
    title: 'Environment',
    body: [
      definitions(facts(analysis)),
      htmlTable(nodesTable(analysis)),
      ...(mtu.rows.length === 0 ? [] : [htmlTable(mtu)]),
      paragraph(overhead(record.observer), 'aside'),
    ],
  });
}

function facts({ record, kubelet }: Analysis): [string, string][] {
  const { environment, software, fingerprint, seed, id } = record;
  const { cluster, operator, tool } = environment;
  const compared =
    kubelet === undefined
      ? (record.pods.kubelet.unavailable ?? 'no figures')
      : `mean ${kubelet.kubelet.toFixed(2)} s, ours ${kubelet.ours.toFixed(2)} s; theirs counts from a time in whole seconds, about 0.5 s more`;
  return [
    ['Kubernetes', `${cluster.kubernetes}, etcd ${cluster.etcd}, CNI plugins ${cluster.cni}`],
    ['Pod network', `${cluster.networkMode}, kube-proxy ${cluster.proxyMode}`],
    ['Measured with', `iperf3 ${tool.iperf3}, ${tool.image}`],
    ['Observer', `${operator.cpus} × ${operator.cpuModel}, ${operator.os}, Node.js ${operator.node}`],
    ['API round trip', `${latencyText(operator.apiRoundTripMs)} from the observer, median of readyz`],
    ['Kubelets’ own figure', compared],
    ['k8s-diskless', `${software.version}${software.commit === null ? '' : ` at ${software.commit}`}`],
    ['Run', `${id}, seed ${seed}, fingerprint ${fingerprint.hash}`],
  ];
}

function definitions(entries: readonly (readonly [string, string])[]): string {
  return element(
    'dl',
    {},
    entries.flatMap(([term, text]) => [element('dt', {}, [escapeText(term)]), element('dd', {}, [escapeText(text)])]),
  );
}

function overhead({
  cpuSeconds,
  wallSeconds,
  maxResidentBytes,
  eventLoopLagMs,
}: Analysis['record']['observer']): string {
  const share = ((cpuSeconds / wallSeconds) * 100).toFixed(1);
  const lag = `its event loop was late by ${latencyText(eventLoopLagMs.p99)} at p99, ${latencyText(eventLoopLagMs.max)} at most`;
  return `What measuring cost: the observer used ${share} % of one CPU and ${bytesText(maxResidentBytes)} of memory; ${lag}.`;
}
