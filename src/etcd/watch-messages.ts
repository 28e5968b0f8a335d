import { ProtobufReader } from './protobuf.js';

/*
 * The messages of etcd's watch, as far as it is asked for (api/etcdserverpb/rpc.proto, api/mvccpb/kv.proto). Revisions
 * are numbers: one that is not exact any more comes after 2^53 writes.
 */

/** One change of one key. */
export interface WatchEvent {
  kind: 'put' | 'delete';
  /** Byte for byte as Latin-1. */
  key: string;
  /** Empty when deleted. It shares the memory of the message it came in. */
  value: Buffer;
  revision: number;
  /** Decimal; `0`: none. */
  lease: string;
}

/** One message; a part of an answer where `isFragment`. */
export interface WatchMessage {
  /** Decimal. */
  clusterId: string;
  /** Where the member stood. */
  revision: number;
  isFragment: boolean;
  /** The first one, which tells nothing yet. */
  isCreated: boolean;
  /** It has ended, for a reason where the server gives one. */
  canceled?: { reason: string; compactRevision: number };
  events: WatchEvent[];
}

const CREATE = { key: 1, rangeEnd: 2, startRevision: 3, progressNotify: 4, fragment: 8 } as const;
/** Begins and ends a range that is everything. */
const ZERO_KEY = [1, 0];

/** All keys from a revision on, with word that there was nothing, and long answers in parts. */
export function createRequest(startRevision: number): Buffer {
  const message = Buffer.from([
    ...[tag(CREATE.key, 2), ...ZERO_KEY],
    ...[tag(CREATE.rangeEnd, 2), ...ZERO_KEY],
    ...[tag(CREATE.startRevision, 0), ...varint(startRevision)],
    ...[tag(CREATE.progressNotify, 0), 1],
    ...[tag(CREATE.fragment, 0), 1],
  ]);
  return Buffer.concat([Buffer.from([tag(1, 2), message.length]), message]);
}

export const PROGRESS_REQUEST = Buffer.from([tag(3, 2), 0]);

function tag(field: number, wire: 0 | 2): number {
  return field * 8 + wire;
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}

/** Undefined where it is no such message. */
export function watchMessage(bytes: Buffer): WatchMessage | undefined {
  const message: WatchMessage = { clusterId: '0', revision: 0, isFragment: false, isCreated: false, events: [] };
  const canceled = { is: false, reason: '', compactRevision: 0 };
  const fields = new ProtobufReader(bytes);
  while (fields.next()) {
    if (fields.field === 1) Object.assign(message, header(fields.content()));
    else if (fields.field === 3) message.isCreated = fields.number() !== 0;
    else if (fields.field === 4) canceled.is = fields.number() !== 0;
    else if (fields.field === 5) canceled.compactRevision = fields.number();
    else if (fields.field === 6) canceled.reason = fields.text();
    else if (fields.field === 7) message.isFragment = fields.number() !== 0;
    else if (fields.field === 11) {
      const event = eventOf(fields.content());
      if (event === undefined) return undefined;
      message.events.push(event);
    }
  }
  const { is, ...why } = canceled;
  return fields.ok ? { ...message, ...(is && { canceled: why }) } : undefined;
}

function header(bytes: Buffer): Pick<WatchMessage, 'clusterId' | 'revision'> {
  const found = { clusterId: '0', revision: 0 };
  const fields = new ProtobufReader(bytes);
  while (fields.next()) {
    if (fields.field === 1) found.clusterId = fields.decimal();
    else if (fields.field === 3) found.revision = fields.number();
  }
  return found;
}

function eventOf(bytes: Buffer): WatchEvent | undefined {
  const event: WatchEvent = { kind: 'put', key: '', value: Buffer.alloc(0), revision: 0, lease: '0' };
  const fields = new ProtobufReader(bytes);
  let isWhole = true;
  while (fields.next()) {
    if (fields.field === 1) event.kind = fields.number() === 1 ? 'delete' : 'put';
    else if (fields.field === 2) isWhole = readKeyValue(fields.content(), event);
  }
  return fields.ok && isWhole ? event : undefined;
}

function readKeyValue(bytes: Buffer, event: WatchEvent): boolean {
  const fields = new ProtobufReader(bytes);
  while (fields.next()) {
    if (fields.field === 1) event.key = fields.content().toString('latin1');
    else if (fields.field === 3) event.revision = fields.number();
    else if (fields.field === 5) event.value = fields.content();
    else if (fields.field === 6) event.lease = fields.decimal();
  }
  return fields.ok;
}
