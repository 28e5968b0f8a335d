import { type ChannelRequest, type ChannelResponse, createHttpsChannel } from '../http/https-channel.js';
import type { OpenStream, TlsIdentity } from '../http/secure-stream.js';
import type { StampedChunk } from '../http/stamped-chunks.js';
import { apiError } from './api-errors.js';
import type { KubeList, KubeObject } from './objects.js';
import { type Query, withQuery } from './paths.js';
import type { KubeTransport } from './transport.js';

/** The name managedFields show for everything this program writes. */
export const FIELD_MANAGER = 'k8s-diskless';

const PATCH_TYPES = {
  strategic: 'application/strategic-merge-patch+json',
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  /** Server-side apply; JSON is YAML. */
  apply: 'application/apply-patch+yaml',
} as const;

export interface RequestOptions {
  query?: Query;
  signal?: AbortSignal | undefined;
  /** Default 10 s. */
  timeoutMs?: number;
}

export interface PatchOptions extends RequestOptions {
  type: keyof typeof PATCH_TYPES;
  body: unknown;
  /** With `apply`: take fields over from other managers instead of a kube-conflict. */
  force?: boolean;
}

/**
 * A small Kubernetes API client: JSON over HTTP/1.1, typed refusals (api-errors.ts). Paths come from paths.ts.
 * All methods reject with a DisklessError whose code starts with `kube-`, or with the signal's reason.
 */
export class KubeClient {
  readonly transport: KubeTransport;

  constructor(transport: KubeTransport) {
    this.transport = transport;
  }

  get<T extends KubeObject>(path: string, options: RequestOptions = {}): Promise<T> {
    return this.json<T>('GET', path, undefined, options);
  }

  list<T>(path: string, options: RequestOptions = {}): Promise<KubeList<T>> {
    return this.json<KubeList<T>>('GET', path, undefined, options);
  }

  create<T extends KubeObject>(path: string, object: T, options: RequestOptions = {}): Promise<T> {
    const query = { fieldManager: FIELD_MANAGER, ...options.query };
    return this.json<T>('POST', path, { type: 'application/json', value: object }, { ...options, query });
  }

  patch<T extends KubeObject>(path: string, { type, body, force, ...options }: PatchOptions): Promise<T> {
    const query = { fieldManager: FIELD_MANAGER, ...(type === 'apply' && force && { force }), ...options.query };
    return this.json<T>('PATCH', path, { type: PATCH_TYPES[type], value: body }, { ...options, query });
  }

  /** Foreground, background or orphan deletion by `query.propagationPolicy`. */
  async delete(path: string, options: RequestOptions = {}): Promise<void> {
    await this.json('DELETE', path, undefined, options);
  }

  /** Any answer as it is: health endpoints speak plain text, and their failures are answers too. */
  raw(path: string, options: RequestOptions = {}): Promise<ChannelResponse> {
    return this.transport.request(this.#channelRequest('GET', path, options));
  }

  /** The bytes of a watch as they arrive. Aborting the signal, or leaving the loop, ends it. */
  async stream(path: string, options: RequestOptions = {}): Promise<AsyncIterable<StampedChunk>> {
    const { status, chunks } = await this.transport.stream(this.#channelRequest('GET', path, options));
    if (status === 200) return chunks;
    const parts: Buffer[] = [];
    for await (const { bytes } of chunks) parts.push(bytes);
    throw this.#refusal('GET', path, status, Buffer.concat(parts).toString('utf8'));
  }

  close(): void {
    this.transport.close();
  }

  /** One exchange of JSON; for what the verbs above do not cover. */
  async json<T>(
    method: string,
    path: string,
    content: { type: string; value: unknown } | undefined,
    options: RequestOptions,
  ): Promise<T> {
    const request = this.#channelRequest(method, path, options);
    request.repeatable = isRepeatable(method, content?.type);
    if (content) {
      request.headers = { ...request.headers, 'content-type': content.type };
      request.body = JSON.stringify(content.value);
    }
    const { status, text } = await this.transport.request(request);
    if (status < 200 || status > 299) throw this.#refusal(method, path, status, text);
    return JSON.parse(text) as T;
  }

  #channelRequest(method: string, path: string, { query, signal, timeoutMs }: RequestOptions): ChannelRequest {
    const headers = { accept: 'application/json', 'user-agent': FIELD_MANAGER };
    return { method, path: withQuery(path, query), headers, signal, ...(timeoutMs !== undefined && { timeoutMs }) };
  }

  #refusal(method: string, path: string, httpStatus: number, body: string): Error {
    const { label, host } = this.transport;
    return apiError({ httpStatus, body, request: `${method} ${path}`, label, host });
  }
}

/** A POST creates twice, and a JSON patch may add or test; everything else ends in the same state. */
function isRepeatable(method: string, type: string | undefined): boolean {
  return method !== 'POST' && type !== PATCH_TYPES.json;
}

export interface KubeClientOptions {
  /** Node whose apiserver this is; errors name it. */
  node: string;
  connect: OpenStream;
  /** IP address or DNS name the serving certificate must carry. */
  serverName: string;
  tls: TlsIdentity;
  maxSockets?: number;
}

/** A client of one control plane's apiserver. */
export function createKubeClient({ node, connect, serverName, tls, maxSockets }: KubeClientOptions): KubeClient {
  const label = `kube-apiserver of ${node}`;
  const channel = createHttpsChannel({
    service: 'kube',
    label,
    host: node,
    open: connect,
    serverName,
    identity: tls,
    ...(maxSockets !== undefined && { maxSockets }),
  });
  return new KubeClient({ label, host: node, ...channel });
}
