import { connect as connectTcp, type Socket } from 'node:net';
import { DisklessError } from '../errors.js';
import { onAbortError } from './abort-error.js';

export interface SocketOptions {
  hostname: string;
  port: number;
  family?: 4 | 6 | undefined;
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

/** Opens a TCP connection; every failure says which of the many kinds of "does not answer" it was. */
export function openSocket({ hostname, port, family, timeoutMs, signal }: SocketOptions): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp({
      host: hostname,
      port,
      // SSH writes small packets and waits for their answers: Nagle's algorithm would hold each back for up to 40 ms.
      noDelay: true,
      ...(family === undefined
        ? // With several addresses Node gives each 250 ms by default, less than a slow link needs.
          { autoSelectFamily: true, autoSelectFamilyAttemptTimeout: Math.max(10, Math.ceil(timeoutMs / 2)) }
        : { family }),
    });
    const settle = () => {
      clearTimeout(timer);
      stopListening();
      socket.removeAllListeners();
    };
    const fail = (error: DisklessError) => {
      settle();
      socket.on('error', () => {});
      socket.destroy();
      reject(error);
    };
    const place = `${hostname}:${port}`;
    const timer = setTimeout(
      () => fail(unreachable(place, `does not answer within ${Math.round(timeoutMs / 100) / 10} s`)),
      timeoutMs,
    );
    socket.once('connect', () => {
      settle();
      // It may be reset before anybody uses it; whoever does listens too.
      socket.on('error', () => {});
      resolve(socket);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => fail(tcpError(place, error)));
    const stopListening = onAbortError(signal, fail);
  });
}

const REASONS: Record<string, string> = {
  ECONNREFUSED: 'refuses the connection: the host is up, but nothing listens on that port',
  ETIMEDOUT: 'does not answer',
  EHOSTUNREACH: 'is unreachable: no route, or no host with that address',
  EHOSTDOWN: 'is down',
  ENETUNREACH: 'is unreachable: the operator has no route to that network',
  EACCES: 'may not be connected to from here (firewall)',
  EPERM: 'may not be connected to from here (firewall)',
};

const NOT_RESOLVED = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA', 'EAI_NONAME']);

function tcpError(place: string, error: NodeJS.ErrnoException): DisklessError {
  const code = error.code ?? '';
  if (NOT_RESOLVED.has(code)) {
    return new DisklessError({
      code: 'name-not-resolved',
      message: `${place}: the name has no address (${code})`,
      hint: 'check the spelling, DNS or /etc/hosts; an address can be given as name=address',
      cause: error,
    });
  }
  // Reset while it was being accepted: the same as being dropped before the first word.
  if (code === 'ECONNRESET') return resetBeforeBanner(place, '', error);
  return unreachable(place, REASONS[code] ?? `cannot be connected to (${code || error.message})`, error);
}

export function unreachable(place: string, reason: string, cause?: unknown): DisklessError {
  return new DisklessError({
    code: 'unreachable',
    message: `${place} ${reason}`,
    hint: 'check that the node is powered on, its sshd runs, and address and port are right',
    cause,
  });
}

/** What sshd does to those it does not want just now; `said` is what it may have written instead of a banner. */
export function resetBeforeBanner(place: string, said: string, cause?: unknown): DisklessError {
  return new DisklessError({
    code: 'reset-before-banner',
    message: `${place} accepts connections and drops them before the SSH banner`,
    detail: said,
    hint: 'sshd is overloaded (MaxStartups) or penalises this address for earlier failed logins (PerSourcePenalties): wait half a minute and try again',
    cause,
  });
}
