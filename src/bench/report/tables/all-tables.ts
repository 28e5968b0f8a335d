import type { Analysis } from '../../analysis/analyse.js';
import { efficiencyTable, lossTable, networkTable, roundTripTable } from './network-tables.js';
import { latencyTable, sloTable } from './request-tables.js';
import { burstTable, neverStartedTable, startupTable } from './startup-tables.js';
import type { ReportTable } from './table.js';

/** The tables of the text reports, those with rows: what was not measured is not shown as empty. */
export function reportTables(analysis: Analysis): ReportTable[] {
  const tables = [
    startupTable(analysis),
    burstTable(analysis),
    neverStartedTable(analysis),
    networkTable(analysis),
    efficiencyTable(analysis),
    roundTripTable(analysis),
    lossTable(analysis),
    latencyTable(analysis),
    sloTable(analysis),
  ];
  return tables.filter(({ rows }) => rows.length > 0);
}
