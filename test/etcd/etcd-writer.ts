import type { GrpcServer } from '../../src/etcd/grpc.js';
import { createHttpsChannel } from '../../src/http/https-channel.js';

/** What the product never asks of etcd. */
export interface EtcdWriter {
  /** @returns the lease's ID */
  grant(seconds: number): Promise<string>;
  putLeased(key: string, value: string, lease: string): Promise<void>;
  compact(revision: number): Promise<void>;
  close(): void;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

export function etcdWriter({ label, host, open, serverName, identity }: GrpcServer): EtcdWriter {
  const channel = createHttpsChannel({ service: 'etcd', label, host, open, serverName, identity });
  const post = async (path: string, body: object): Promise<Record<string, unknown>> => {
    const { status, text } = await channel.request({ method: 'POST', path: `/v3/${path}`, body: JSON.stringify(body) });
    if (status !== 200) throw new Error(text);
    return JSON.parse(text);
  };
  return {
    grant: async (seconds) => String((await post('lease/grant', { TTL: seconds })).ID),
    putLeased: async (key, value, lease) =>
      void (await post('kv/put', { key: base64(key), value: base64(value), lease })),
    compact: async (revision) => void (await post('kv/compaction', { revision: String(revision) })),
    close: () => channel.close(),
  };
}
