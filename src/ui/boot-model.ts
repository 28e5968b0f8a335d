import type { BootEvent, BootStage, Client } from '../boot/server/boot-events.js';

type EventOf<Type extends BootEvent['type']> = Extract<BootEvent, { type: Type }>;
type TransferEvent = EventOf<'transfer-started' | 'transfer-progress' | 'transfer-finished'>;

export interface StageState {
  state: 'running' | 'done' | 'broken';
  /** Of the file, over all answers that carried a part of it. */
  sent: number;
  /** Of the whole file. */
  bytes: number;
  /** What answers that came to their end have carried. */
  fetched: number;
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

/** Anybody can ask in the name of any machine: more of those than any network has are not kept. */
const MOST_STRANGERS = 256;

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
      recordTransfer(seen(model, event), event, sizeOf(model, event.file));
      break;
    case 'request-refused':
    case 'stopping':
    case 'stopped':
      break;
  }
}

function sizeOf({ serving }: BootModel, file: string): number {
  return serving?.files.find(({ name }) => name === file)?.bytes ?? 0;
}

function recordTransfer({ stages }: MachineState, event: TransferEvent, size: number): void {
  // HEAD, what the machine has already, and a range beyond the end: nothing was fetched.
  if (event.bytes === 0) return;
  // Each boot begins with the script of the machine.
  if (event.stage === 'script' && event.type === 'transfer-started') stages.clear();
  const bytes = Math.max(size, event.bytes);
  const before = event.bytes < bytes ? fetchedParts(stages.get(event.stage)) : 0;
  const sent = before + (event.type === 'transfer-started' ? 0 : event.sent);
  const state = stateOf(event);
  const isPart = state === 'done' && sent < bytes;
  stages.set(event.stage, {
    state: isPart ? 'running' : state,
    sent,
    bytes,
    fetched: state === 'done' ? sent : before,
  });
}

/** Of a file that was complete, a part begins the next fetch. */
function fetchedParts(stage: StageState | undefined): number {
  return stage === undefined || stage.state === 'done' ? 0 : stage.fetched;
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
  Object.assign(machine, {
    lastMs: ms,
    address,
    ...(host !== undefined && { host }),
    ...(mac !== undefined && { mac }),
  });
  forgetStranger(model);
  return machine;
}

/** The one that has been silent for longest, when there are too many. */
function forgetStranger(model: BootModel): void {
  const strangers = model.machines.filter(({ host }) => host === undefined);
  if (strangers.length <= MOST_STRANGERS) return;
  const [oldest] = strangers.toSorted((a, b) => (a.lastMs ?? 0) - (b.lastMs ?? 0));
  model.machines = model.machines.filter((machine) => machine !== oldest);
}

/** What a person calls it. */
export function machineName({ host, mac, address = '' }: Partial<Client>): string {
  return host ?? mac ?? address;
}
