import { type DisklessError, usageError } from '../errors.js';

export interface ListenErrorOptions {
  listen: { host: string; port: number };
  cause: NodeJS.ErrnoException;
  /** What says where to listen, e.g. `--listen`, and all that names the port. */
  named: { address: string; port: string };
}

/** Why an address and port cannot be had, with what to do about it (exit 2). */
export function cannotListen({ listen: { host, port }, cause, named }: ListenErrorOptions): DisklessError {
  const { problem, hint } = reasonOf(cause, named);
  return usageError({ code: 'cannot-listen', message: `cannot listen on ${host}:${port}: ${problem}`, hint, cause });
}

function reasonOf({ code, message }: NodeJS.ErrnoException, { address, port }: ListenErrorOptions['named']) {
  switch (code) {
    case 'EADDRINUSE':
      return {
        problem: 'something else listens there already',
        hint: `stop it (\`ss -ltnp\` names it), or choose another port with ${port}`,
      };
    case 'EADDRNOTAVAIL':
      return {
        problem: 'this machine has no such address',
        hint: `name one of its own with ${address}; 0.0.0.0:PORT binds to all of them`,
      };
    case 'EACCES':
      return { problem: 'ports below 1024 are for root', hint: `choose another port with ${port}` };
    default:
      return { problem: message, hint: `name another with ${address}` };
  }
}
