import type { Analysis } from '../../analysis/analyse.js';
import { PATH_TITLES } from '../../analysis/titles.js';
import { latencyText, rateText } from '../figures.js';
import type { ReportTable } from './table.js';

/** What the machines and the observer did meanwhile. */
export function roundTable({ record, rounds }: Analysis): ReportTable {
  const rows = record.rounds.map(({ round, began, ended, load, eventLoopLagMs, scheduleSlipMs }) => {
    const state = rounds.find((each) => each.round === round)?.state ?? 'counted';
    const busiest = Math.max(...load.map(({ cpuBusy }) => cpuBusy), 0);
    const foreign = load.reduce((sum, { foreignPods }) => sum + foreignPods, 0);
    return [
      round === 0 ? 'warm-up' : `round ${round}`,
      state === 'warm-up' ? 'not counted' : state,
      ended === null ? 'cut short' : `${Math.round((ended - began) / 1000)} s`,
      load.length === 0 ? '–' : `${(busiest * 100).toFixed(0)} %`,
      String(foreign),
      latencyText(eventLoopLagMs.p99),
      latencyText(scheduleSlipMs.p99),
    ];
  });
  return {
    title: 'Rounds',
    note: 'busiest node before our load; how late the observer was, p99',
    columns: ['', 'state', 'took', 'CPU busy', 'foreign pods', 'event loop', 'schedule'],
    rows,
  };
}

export function voidTable({ rounds }: Analysis): ReportTable {
  const rows = rounds
    .filter(({ state }) => state === 'void')
    .flatMap(({ round, reasons }) =>
      reasons.map(({ node, message }) => [`round ${round}`, node ?? 'everywhere', message]),
    );
  return { title: 'Void rounds', note: 'measured, kept, and not counted', columns: ['', 'where', 'why'], rows };
}

export function nodesTable({ record }: Analysis): ReportTable {
  return {
    title: 'Nodes',
    note: '',
    columns: ['', 'role', 'system', 'CPU', 'memory', 'runtime', 'NIC', 'MTU host / pod'],
    rows: record.environment.nodes.map(({ name, role, schedulable, os, kernel, cpu, memoryBytes, ...node }) => [
      name,
      schedulable ? role : `${role}, tainted`,
      `${os}, ${kernel}`,
      `${cpu.cores} × ${cpu.model}${cpu.governor === null ? '' : `, ${cpu.governor}`}`,
      `${(memoryBytes / 1024 ** 3).toFixed(0)} GiB`,
      node.containerRuntime,
      `${node.nic.driver}${node.nic.bitsPerSecond === null ? `, ${node.nic.kind}` : `, ${rateText(node.nic.bitsPerSecond)}`}`,
      `${node.nic.mtu} / ${node.podMtu}`,
    ]),
  };
}

export function mtuTable({ record }: Analysis): ReportTable {
  return {
    title: 'MTU',
    note: 'whether full packets pass unfragmented, tried before measuring',
    columns: ['', 'from', 'to', 'MTU', 'passes'],
    rows: record.network.mtu.map(({ path, from, to, mtu, passed }) => [
      PATH_TITLES[path],
      from,
      to,
      String(mtu),
      passed ? '✓ yes' : '✕ no',
    ]),
  };
}
