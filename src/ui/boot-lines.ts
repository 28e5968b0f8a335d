import type { BootEvent, Client } from '../boot/server/boot-events.js';
import { type BootModel, createBootModel, machineName, recordBoot } from './boot-model.js';
import { bootTable } from './boot-table.js';
import type { Style } from './style.js';
import { harmless } from './text-table.js';
import { bytesText, count, durationText } from './units.js';
import type { Screen } from './view.js';

/** Shows what a boot server does; `end` once, when it has stopped. */
export type BootView = ((event: BootEvent) => void) & { end: () => void };

/** For logs and pipes: a line for whatever was fetched or went wrong, and at the end where every machine is. */
export function createBootLines({ write, width, style }: Screen): BootView {
  const model = createBootModel();
  const view = (event: BootEvent): void => {
    recordBoot(model, event);
    for (const line of bootLines(event, style)) write(`${style.dim(`[${timeOfDay(event.time)}]`)} ${line}\n`);
  };
  return Object.assign(view, { end: () => write(`${lastTable({ model, width, style }).join('\n')}\n`) });
}

/** Nobody asked: then there is no table to show. */
export function lastTable({ model, width, style }: { model: BootModel; width: number; style: Style }): string[] {
  return model.machines.length === 0 ? [] : bootTable({ model, nowMs: model.ms, width, style });
}

/** An event in words; nothing for those that only move a bar. */
export function bootLines(event: BootEvent, style: Style): string[] {
  switch (event.type) {
    case 'serving':
      return servingLines(event, style);
    case 'transfer-started':
    case 'transfer-progress':
      return [];
    case 'transfer-finished':
      return [finishedLine(event, style)];
    case 'request-refused':
      return [
        style.yellow(`${who(event)} asked for ${harmless(event.path)}: ${REFUSED[event.status] ?? event.status}`),
      ];
    case 'unknown-machine':
      return [style.yellow(`${who(event)} is not among the hosts; its screen says how to add it`)];
    case 'stopping':
      return event.transfers === 0
        ? []
        : [`waiting for ${count(event.transfers, 'transfer')} to end; Ctrl-C again stops at once`];
    case 'stopped':
      return [`stopped: ${count(event.requests, 'request')}, ${bytesText(event.sent)} sent`];
  }
}

const REFUSED: Readonly<Record<number, string>> = {
  404: 'there is no such file',
  405: 'only GET and HEAD are answered',
};

const TRUST: Readonly<Record<string, string>> = {
  signature: 'images with signatures checked',
  checksum: 'images with checksums checked, signatures not',
  unchecked: 'images not checked, for want of checksums beside them',
};

function servingLines(event: Extract<BootEvent, { type: 'serving' }>, style: Style): string[] {
  const { url, listen, os, trust, files } = event;
  const images = files.filter(({ name }) => name.startsWith('images/'));
  const where = url === `http://${listen}` ? url : `${url} (listening on ${listen})`;
  return [
    style.bold(`serving ${os} at ${where}`),
    `${TRUST[trust] ?? trust}: ${images.map(({ name, bytes }) => `${name} ${bytesText(bytes)}`).join(', ')}`,
  ];
}

function finishedLine(event: Extract<BootEvent, { type: 'transfer-finished' }>, style: Style): string {
  const { file, sent, bytes, durationMs, outcome, status, reason } = event;
  const took = durationText(durationMs);
  if (outcome === 'done') {
    return status === 304
      ? `${who(event)} has ${file} already`
      : `${who(event)} fetched ${file}: ${bytesText(sent)} in ${took}`;
  }
  const so = `${bytesText(sent)} of ${bytesText(bytes)} in ${took}`;
  if (outcome === 'failed') return style.red(`${who(event)} could not get ${file}: ${harmless(reason ?? 'failed')}`);
  const what = outcome === 'stalled' ? 'takes no more of' : 'hung up while fetching';
  return style.yellow(`${who(event)} ${what} ${file}: ${so}`);
}

/** `s4 (10.0.0.4)`; an address alone once. */
function who(client: Client): string {
  const name = machineName(client);
  return name === client.address ? name : `${name} (${client.address})`;
}

/** Of an ISO date, as a log beside a shelf of machines needs it. */
export function timeOfDay(time: string): string {
  const date = new Date(time);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => `${part}`.padStart(2, '0')).join(':');
}
