import type { Client } from './boot-events.js';
import type { FoundResource } from './resources.js';

/** Which machine is behind an address: the script or Ignition file it asked for tells it. */
export class KnownClients {
  readonly #clients = new Map<string, Omit<Client, 'address'>>();

  /** Learns from a request who asks, and says what is known by now. */
  identify(address: string, { host, mac }: Pick<FoundResource, 'host' | 'mac'>): Client {
    if (mac !== undefined || host !== undefined) {
      this.#clients.set(address, { ...(mac !== undefined && { mac }), ...(host !== undefined && { host }) });
    }
    return { address, ...this.#clients.get(address) };
  }
}

/** `::ffff:10.0.0.4` is 10.0.0.4 on a socket that takes both. */
export function plainAddress(address: string | undefined): string {
  return address?.replace(/^::ffff:(?=\d+\.)/, '') ?? 'unknown';
}
