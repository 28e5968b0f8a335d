import type { BootEvent, BootStage, Client } from '../boot/server/boot-events.js';

type EventOf<Type extends BootEvent['type']> = Extract<BootEvent, { type: Type }>;
type TransferEvent = EventOf<'transfer-started' | 'transfer-progress' | 'transfer-finished'>;

export interface StageState {
  state: 'running' | 'done' | 'broken';
  sent: number;
  bytes: number;
}

/** One machine's boot as far as it has come. */
export interface MachineState extends Partial<Client> {
  /** Absent for hosts that have not asked for anything yet. */
  lastMs?: number;
  /** No host has its MAC address. */
  unknown?: boolean;
  stages: Map<BootStage, StageState>;
}

/** All that has happened, as views need it. */
export interface BootModel {
  serving?: EventOf<'serving'>;
  machines: MachineState[];
  /** Time of the latest event. */
  ms: number;
}

export function createBootModel(): BootModel {
  return { machines: [], ms: 0 };
}

/** Folds one event into the model. */
export function recordBoot(model: BootModel, event: BootEvent): void {
  model.ms = event.ms;
  switch (event.type) {
    case 'serving':
      model.serving = event;
      model.machines = event.hosts.map((host) => ({ host, stages: new Map() }));
      break;
    case 'unknown-machine':
      seen(model, event).unknown = true;
      break;
    case 'transfer-started':
    case 'transfer-progress':
    case 'transfer-finished':
      recordTransfer(seen(model, event), event);
      break;
    case 'request-refused':
    case 'stopping':
    case 'stopped':
      break;
  }
}

function recordTransfer({ stages }: MachineState, event: TransferEvent): void {
  // Each boot begins with the script of the machine.
  if (event.stage === 'script' && event.type === 'transfer-started') stages.clear();
  const sent = event.type === 'transfer-started' ? 0 : event.sent;
  stages.set(event.stage, { state: stateOf(event), sent, bytes: event.bytes });
}

function stateOf(event: TransferEvent): StageState['state'] {
  if (event.type !== 'transfer-finished') return 'running';
  return event.outcome === 'done' ? 'done' : 'broken';
}

/** The machine's row. One that was an address only becomes a machine once its script is asked for. */
function seen(model: BootModel, { host, mac, address, ms }: Client & { ms: number }): MachineState {
  const same = (other: MachineState): boolean =>
    host !== undefined ? other.host === host : mac !== undefined && other.mac === mac;
  const nameless = ({ host: name, mac: card, address: its }: MachineState): boolean =>
    name === undefined && card === undefined && its === address;
  const known = model.machines.find(same);
  const anonymous = model.machines.find(nameless);
  if (known && anonymous) model.machines.splice(model.machines.indexOf(anonymous), 1);
  const machine = known ?? anonymous ?? { stages: new Map() };
  if (!model.machines.includes(machine)) model.machines.push(machine);
  return Object.assign(machine, {
    lastMs: ms,
    address,
    ...(host !== undefined && { host }),
    ...(mac !== undefined && { mac }),
  });
}

/** What a person calls it. */
export function machineName({ host, mac, address = '' }: Partial<Client>): string {
  return host ?? mac ?? address;
}
