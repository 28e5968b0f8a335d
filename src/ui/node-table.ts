import type { NodeSummary } from '../runner/events.js';
import type { Style } from './style.js';
import { type Column, textTable } from './text-table.js';
import { bytesText } from './units.js';

export interface NodeTableOptions {
  nodes: readonly NodeSummary[];
  width: number;
  style: Style;
}

/** One line per node; a narrow screen loses what a person can do without first. */
export function nodeTable({ nodes, width, style }: NodeTableOptions): string[] {
  const stateColour = (text: string, { state }: NodeSummary): string => {
    if (state === 'failed') return style.red(text);
    return state === 'skipped' ? style.yellow(text) : style.green(text);
  };
  const columns: Column<NodeSummary>[] = [
    { title: 'NODE', cell: ({ name }) => name, paint: style.bold },
    { title: 'ROLE', cell: ({ role }) => role, priority: 3 },
    { title: 'ADDRESS', cell: ({ nodeIp = '' }) => nodeIp, priority: 4 },
    { title: 'STATE', cell: ({ state }) => state, paint: stateColour },
    { title: 'VERSION', cell: ({ version = '' }) => version, priority: 2 },
    { title: 'CHANGES', cell: ({ changes }) => `${changes}`, align: 'right', priority: 1 },
    {
      title: 'SENT',
      cell: ({ bytesSent }) => (bytesSent === 0 ? '' : bytesText(bytesSent)),
      align: 'right',
      priority: 0,
    },
    ...(nodes.some(({ reason }) => reason)
      ? [{ title: 'REASON', cell: ({ reason = '' }: NodeSummary) => reason }]
      : []),
  ];
  return textTable({ columns, rows: nodes, width, style });
}
