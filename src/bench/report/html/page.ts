import type { Analysis } from '../../analysis/analyse.js';
import { medianInterval } from '../../stats/interval.js';
import { coverageText } from '../figures.js';
import { htmlDocument } from './document.js';
import { environmentSection } from './environment-section.js';
import { pageHeader } from './header.js';
import { networkSection } from './network-section.js';
import { requestsSection } from './requests-section.js';
import { roundsSection } from './rounds-section.js';
import { startupSection } from './startup-section.js';

/** The whole report of a run. */
export function htmlReport(analysis: Analysis): string {
  const { record, counted } = analysis;
  const interval = medianInterval(counted);
  const coverage =
    interval === undefined ? '' : ` Of the median of ${counted.length} rounds they cover ${coverageText(interval)}.`;
  return htmlDocument({
    title: `Benchmark of cluster ${record.environment.cluster.name}, ${record.startedAt.slice(0, 10)}`,
    version: record.software.version,
    header: pageHeader(analysis),
    sections: [
      startupSection(analysis),
      networkSection(analysis),
      requestsSection(analysis),
      roundsSection(analysis),
      environmentSection(analysis),
    ],
    notes: [
      'Quantiles are nearest ranks. A p99 is printed from 299 samples on, a p95 from 59, a p90 from 29: with fewer, the largest sample does not bound them with 95 % confidence, and “≥” says what they are at least.',
      `Intervals are order statistics, exact and without assumptions about the distribution.${coverage}`,
      'A pod that never ran, a request that was never answered, counts as infinite; none is dropped.',
    ],
  });
}
