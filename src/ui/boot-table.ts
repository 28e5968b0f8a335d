import type { BootStage } from '../boot/server/boot-events.js';
import { type BootModel, type MachineState, machineName } from './boot-model.js';
import type { Style } from './style.js';
import { type Column, textTable } from './text-table.js';
import { durationText, percent } from './units.js';

export interface BootTableOptions {
  model: BootModel;
  nowMs: number;
  width: number;
  style: Style;
}

/**
 * One line per machine, a column per file of its boot: where the marks end, there it hangs. A narrow screen loses the
 * addresses first.
 */
export function bootTable({ model, nowMs, width, style }: BootTableOptions): string[] {
  const stages = (model.serving?.stages ?? []).filter((stage) => stage !== 'entry');
  const columns: Column<MachineState>[] = [
    { title: 'MACHINE', cell: machineName, paint: style.bold },
    { title: 'MAC', cell: ({ host, mac = '' }) => (host === undefined ? '' : mac), priority: 0 },
    { title: 'ADDRESS', cell: ({ address = '' }) => address, priority: 1 },
    ...stages.map((stage) => stageColumn(stage, style)),
    { title: 'LAST', cell: (machine) => lastText(machine, nowMs), paint: style.dim },
  ];
  return textTable({ columns, rows: model.machines, width, style });
}

function stageColumn(stage: BootStage, style: Style): Column<MachineState> {
  const stateOf = ({ stages }: MachineState) => stages.get(stage)?.state;
  return {
    title: stage.toUpperCase(),
    cell: ({ stages }) => {
      const { state, sent = 0, bytes = 0 } = stages.get(stage) ?? {};
      if (state === 'running') return percent({ done: sent, total: bytes });
      return state === undefined ? '' : state === 'done' ? '✔' : '✖';
    },
    paint: (text, machine) => {
      const state = stateOf(machine);
      return state === 'done' ? style.green(text) : state === 'broken' ? style.red(text) : style.cyan(text);
    },
  };
}

function lastText({ lastMs, unknown }: MachineState, nowMs: number): string {
  if (lastMs === undefined) return 'nothing yet';
  return `${durationText(Math.max(0, nowMs - lastMs))} ago${unknown ? ', not among the hosts' : ''}`;
}
