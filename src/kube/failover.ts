import { setTimeout as sleep } from 'node:timers/promises';
import { untilAborted } from '../abort.js';
import { DisklessError } from '../errors.js';
import { type ChannelRequest, isRepeatable } from '../http/https-channel.js';
import { KubeClient } from './client.js';
import type { KubeTransport } from './transport.js';

/** How long a control plane may take to say whether it lives, while another one may already have. */
const PROBE_TIMEOUT_MS = 3_000;
/** How much longer one that lives is waited for, once another has answered that it is still starting. */
const GRACE_MS = 150;

/** No connection came about. */
const NOTHING_SENT = new Set(['kube-unreachable', 'rebooted']);
/** The request reached a server, or may have: sending it again must not do harm. */
const POSSIBLY_EXECUTED = new Set(['kube-connection-lost', 'kube-timeout']);

/**
 * One client over several control planes: requests go to the one that answered first, and to another one when it is
 * lost. What may have been executed is only repeated when that does no harm.
 */
export function failover(clients: readonly KubeClient[]): KubeClient {
  const [only] = clients;
  if (clients.length === 1 && only) return only;
  return new KubeClient(new FailoverTransport(clients.map((client) => client.transport)));
}

class FailoverTransport implements KubeTransport {
  readonly label = 'the Kubernetes API';
  readonly #members: readonly KubeTransport[];
  #current: Promise<KubeTransport> | undefined;

  constructor(members: readonly KubeTransport[]) {
    this.#members = members;
  }

  request: KubeTransport['request'] = (request) => this.#attempt(request, (member) => member.request(request));

  stream: KubeTransport['stream'] = (request) => this.#attempt(request, (member) => member.stream(request));

  close(): void {
    for (const member of this.#members) member.close();
  }

  async #attempt<T>(request: ChannelRequest, send: (member: KubeTransport) => Promise<T>): Promise<T> {
    for (let failures = 0; ; ) {
      this.#current ??= this.#firstLiving();
      const chosen = this.#current;
      const member = await untilAborted(chosen, request.signal);
      try {
        return await send(member);
      } catch (error) {
        if (request.signal?.aborted || !isLoss(error)) throw error;
        if (this.#current === chosen) this.#current = undefined;
        failures += 1;
        const repeatable = NOTHING_SENT.has(error.code) || isRepeatable(request);
        if (!repeatable || failures >= this.#members.length) throw error;
      }
    }
  }

  /** The first that says it lives; else the first that says anything (a starting apiserver fails its checks). */
  async #firstLiving(): Promise<KubeTransport> {
    const rest = new AbortController();
    const probes = this.#members.map(async (member) => {
      const request = { method: 'GET', path: '/livez', timeoutMs: PROBE_TIMEOUT_MS, signal: rest.signal };
      const { status } = await member.request(request);
      return { member, living: status === 200 };
    });
    const living = probes.map(async (probe) => ((await probe).living ? probe : Promise.reject(new Error('not live'))));
    const starting = Promise.any(probes).then((probe) => sleep(GRACE_MS, probe, { signal: rest.signal }));
    starting.catch(() => undefined);
    try {
      const { member } = await Promise.any([...living, starting]);
      return member;
    } catch (error) {
      this.#current = undefined;
      throw this.#allLost(error);
    } finally {
      rest.abort();
    }
  }

  #allLost(error: unknown): DisklessError {
    const reasons = error instanceof AggregateError ? error.errors : [error];
    return new DisklessError({
      code: 'kube-unreachable',
      message: `none of the ${this.#members.length} control planes answers`,
      detail: reasons.map((reason) => (reason instanceof Error ? reason.message : String(reason))).join('\n'),
      cause: error,
    });
  }
}

function isLoss(error: unknown): error is DisklessError {
  return error instanceof DisklessError && (NOTHING_SENT.has(error.code) || POSSIBLY_EXECUTED.has(error.code));
}
