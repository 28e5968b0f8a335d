import type { Analysis } from '../analysis/analyse.js';
import { SLI_STAGE } from '../record/terms.js';
import { medianInterval } from '../stats/interval.js';
import { medianOf } from '../stats/quantile.js';
import { digits, intervalText, latencyText, metricText, quantileText } from './figures.js';

/** One of the few figures a run is summed up by. */
export interface Headline {
  label: string;
  figure: string;
  /** What surrounds it: an interval, the tail, the baseline. */
  context: string;
}

export function headlines(analysis: Analysis): Headline[] {
  return [startup(analysis), burst(analysis), efficiency(analysis), roundTrip(analysis), api(analysis)].flat();
}

function startup({ startup: { stages } }: Analysis): Headline[] {
  const sli = stages.find(({ stage }) => stage === SLI_STAGE);
  const [p50, , , p99] = sli?.quantiles ?? [];
  if (sli === undefined || p50 === undefined || p99 === undefined) return [];
  const context = `median of ${sli.sorted.length} pods · p99 ${quantileText(p99)}`;
  return [{ label: 'Pod startup', figure: quantileText(p50), context }];
}

function burst({ record, startup: { burstMakespan, burstRate } }: Analysis): Headline[] {
  if (burstMakespan.length === 0) return [];
  const pods =
    record.preset.values.pods.burstPerNode * record.environment.nodes.filter((node) => node.schedulable).length;
  const makespan = medianOf(burstMakespan.map(({ value }) => value));
  const rate = medianOf(burstRate.map(({ value }) => value));
  return [{ label: `${pods} pods at once`, figure: latencyText(makespan), context: `${digits(rate)} pods per second` }];
}

function efficiency({ efficiencies }: Analysis): Headline[] {
  const oneStream = efficiencies.find(({ path, test }) => path === 'pod' && test === 'tcp');
  if (oneStream === undefined) return [];
  const { median, interval } = oneStream;
  const spread = interval === undefined ? 'one round' : intervalText(interval, 'share');
  return [{ label: 'Pod to host goodput', figure: metricText(median, 'share'), context: `one TCP stream · ${spread}` }];
}

function roundTrip({ cells }: Analysis): Headline[] {
  const cellOf = (path: string) => cells.find((cell) => cell.path === path && cell.test === 'round-trip');
  const [pod, host] = [cellOf('pod'), cellOf('host')];
  if (pod === undefined) return [];
  const context = host === undefined ? 'between nodes' : `between nodes · hosts ${latencyText(host.median)}`;
  return [{ label: 'Round trip pod to pod', figure: latencyText(pod.median), context }];
}

function api({ api: requests }: Analysis): Headline[] {
  const create = requests.find(({ request }) => request === 'create');
  const [p50, , , p99] = create?.quantiles ?? [];
  if (create === undefined || p50 === undefined || p99 === undefined) return [];
  const interval = medianInterval(create.median.map(({ value }) => value));
  const context = [`p99 ${quantileText(p99)}`, ...(interval ? [`rounds ${intervalText(interval, 'ms')}`] : [])].join(
    ' · ',
  );
  return [{ label: 'API create', figure: quantileText(p50), context }];
}
