import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { refusal } from '../errors.js';
import { sleep } from './abort-error.js';
import type { EffectiveConfig } from './effective-config.js';
import type { Connection } from './transport.js';

/** After one address has answered, the others of the name have this long: one that is off must not hold up the run. */
const GRACE_MS = 1000;

export interface OneMachineOptions<T> {
  config: Pick<EffectiveConfig, 'hostname' | 'addressFamily'>;
  /** Host name → the address that this run uses of it, where it has several. */
  addresses: Map<string, string>;
  /** Connects to an address, or to the host name. */
  connect: (hostname: string) => Promise<T>;
  resolve?: typeof addressesOf;
}

/**
 * Connects to a name that may have several addresses. They must be those of one machine, told by its host key; the run
 * then keeps to one of them, so that a connection that is replaced cannot be to another machine.
 *
 * @throws DisklessError `name-ambiguous` when two machines answer; else what connecting throws
 */
export async function toOneMachine<T extends Pick<Connection, 'hostKey' | 'end'>>(
  options: OneMachineOptions<T>,
): Promise<T> {
  const { config, addresses, connect, resolve = addressesOf } = options;
  const { hostname } = config;
  const chosen = addresses.get(hostname);
  if (chosen !== undefined) return connect(chosen);
  const candidates = await resolve(config);
  if (candidates.length < 2) return connect(hostname);
  const answers = await answersOf(candidates, connect);
  const [first, ...others] = answers;
  if (first === undefined) throw new Error(`no address of ${hostname} was tried`);
  const stranger = others.find(({ connection }) => !isSameKey(connection, first.connection));
  for (const { connection } of stranger ? answers : others) connection.end();
  if (stranger) throw ambiguous(hostname, [first, stranger]);
  addresses.set(hostname, first.address);
  return first.connection;
}

/** An address itself has no others; of a name that cannot be resolved connecting says so. */
async function addressesOf({ hostname, addressFamily }: OneMachineOptions<unknown>['config']): Promise<string[]> {
  if (isIP(hostname) !== 0) return [];
  const family = addressFamily === undefined ? {} : { family: addressFamily };
  const found = await lookup(hostname, { all: true, ...family }).catch(() => []);
  return [...new Set(found.map(({ address }) => address))];
}

interface Answer<T> {
  address: string;
  connection: T;
}

/** Those that answer in time, in the order of the addresses; at least one. */
async function answersOf<T extends Pick<Connection, 'end'>>(
  candidates: readonly string[],
  connect: (address: string) => Promise<T>,
): Promise<Answer<T>[]> {
  const answers = new Map<string, T>();
  let isOver = false;
  const attempts = candidates.map(async (address) => {
    const connection = await connect(address);
    if (isOver) connection.end();
    else answers.set(address, connection);
  });
  await Promise.any(attempts).catch(({ errors }: AggregateError) => Promise.reject(errors[0]));
  const graceOver = new AbortController();
  await Promise.race([Promise.allSettled(attempts), sleep(GRACE_MS, graceOver.signal).catch(() => {})]);
  graceOver.abort();
  isOver = true;
  return candidates.flatMap((address) => {
    const connection = answers.get(address);
    return connection === undefined ? [] : [{ address, connection }];
  });
}

function isSameKey(one: Pick<Connection, 'hostKey'>, other: Pick<Connection, 'hostKey'>): boolean {
  return one.hostKey.fingerprint === other.hostKey.fingerprint;
}

function ambiguous(hostname: string, answers: readonly Answer<Pick<Connection, 'hostKey'>>[]) {
  const machines = answers.map(
    ({ address, connection }) => `${address} (${connection.hostKey.type} ${connection.hostKey.fingerprint})`,
  );
  return refusal({
    code: 'name-ambiguous',
    message: `${hostname} leads to more than one machine: ${machines.join(' and ')}`,
    hint: `say which one is meant by its address: NAME=${answers[0]?.address}`,
  });
}
