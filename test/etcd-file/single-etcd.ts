import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { freePort } from '../helpers/free-port.js';

/** A real etcd alone on loopback, without TLS, for its files. */
export interface SingleEtcd {
  /** A method of its JSON gateway, e.g. `kv/put`. */
  call<T>(method: string, body: object): Promise<T>;
  /** Of a member that need not exist. */
  saveSnapshot(path: string): void;
  stop(): Promise<void>;
}

export interface SingleEtcdOptions {
  /** Folder with `server`, `etcdctl` and `etcdutl`. */
  binaries: string;
  dataDirectory: string;
}

export async function startSingleEtcd({ binaries, dataDirectory }: SingleEtcdOptions): Promise<SingleEtcd> {
  const clientUrl = `http://127.0.0.1:${await freePort()}`;
  const peerUrl = `http://127.0.0.1:${await freePort()}`;
  const child = spawn(`${binaries}/server`, [
    ...['--name=only', `--data-dir=${dataDirectory}`, '--logger=zap', '--unsafe-no-fsync'],
    ...[`--listen-client-urls=${clientUrl}`, `--advertise-client-urls=${clientUrl}`],
    ...[
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=only=${peerUrl}`,
    ],
    ...['--heartbeat-interval=100', '--election-timeout=1000'],
  ]);
  const ended = once(child, 'exit');
  const ready = new Promise<void>((resolve) => {
    createInterface(child.stderr).on('line', (line) => {
      if (line.includes('"msg":"ready to serve client requests"')) resolve();
    });
  });
  await Promise.race([ready, ended.then(([code]) => Promise.reject(new Error(`etcd ended with ${code}`)))]);
  return {
    async call<T>(method: string, body: object): Promise<T> {
      const response = await fetch(`${clientUrl}/v3/${method}`, { method: 'POST', body: JSON.stringify(body) });
      const text = await response.text();
      if (!response.ok) throw new Error(`${method}: ${text}`);
      return JSON.parse(text) as T;
    },
    saveSnapshot(path) {
      execFileSync(`${binaries}/etcdctl`, [`--endpoints=${clientUrl}`, 'snapshot', 'save', path], { stdio: 'ignore' });
    },
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** The cluster's version is agreed on a moment after the start. */
export async function clusterVersionAgreed(etcd: SingleEtcd): Promise<void> {
  for (;;) {
    const { version } = await etcd.call<{ version?: string }>('maintenance/status', {});
    if (version !== undefined) return;
    await setTimeout(100);
  }
}
