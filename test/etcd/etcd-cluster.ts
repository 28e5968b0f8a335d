import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { createEtcdGateway, type EtcdGateway, type EtcdMember } from '../../src/etcd/gateway.js';
import type { GrpcServer } from '../../src/etcd/grpc.js';
import { peerMembers } from '../../src/etcd/peer-members.js';
import type { TlsIdentity } from '../../src/http/secure-stream.js';
import { asPlainDuplex } from '../helpers/fake-apiserver.js';
import { freePort } from '../helpers/free-port.js';
import type { OpensslPki } from '../helpers/openssl-pki.js';

/** Real etcd processes on loopback: TLS with client certificates for clients and between the members. */
export interface EtcdCluster {
  member(name: string): EtcdProcess;
  /** Reserves ports for a member that is not part of the initial cluster. */
  newcomer(name: string): Promise<EtcdProcess>;
  /** Starts all initial members together. */
  start(): Promise<void>;
  remove(): Promise<void>;
}

export interface EtcdProcess {
  readonly name: string;
  readonly peerUrl: string;
  /** On loopback. */
  readonly clientPort: number;
  readonly gateway: EtcdGateway;
  /** For its streams. */
  readonly grpc: GrpcServer;
  /** Whom it knows, by its peer port. */
  known(): Promise<EtcdMember[]>;
  /** Makes its data directory of a snapshot, as the only member of a cluster of its own. */
  restore(snapshot: string): void;
  /** Resolves when it serves clients. */
  start(options?: Joining): Promise<void>;
  /** Resolves at once. */
  launch(options?: Joining): void;
  /** Of its process. @throws Error before it was started */
  pid(): number;
  /** Power loss. */
  kill(): Promise<void>;
}

interface Joining {
  state: 'existing';
  others: readonly EtcdProcess[];
}

export interface EtcdClusterOptions {
  binary: string;
  pki: OpensslPki;
  names: readonly string[];
}

export async function createEtcdCluster({ binary, pki, names }: EtcdClusterOptions): Promise<EtcdCluster> {
  const directory = await mkdtemp(join(tmpdir(), 'k8s-diskless-etcd-'));
  pki.issue('etcd-server');
  const tls = pki.issue('operator');
  const processes: EtcdProcess[] = [];
  const create = async (name: string): Promise<EtcdProcess> => {
    const created = await createProcess({ name, directory, binary, pki, tls, initial: () => initial });
    processes.push(created);
    return created;
  };
  const initial: EtcdProcess[] = [];
  for (const name of names) initial.push(await create(name));
  const member = (name: string): EtcdProcess => {
    const found = initial.find((each) => each.name === name);
    if (!found) throw new Error(`no member ${name}`);
    return found;
  };
  return {
    member,
    newcomer: create,
    start: async () => void (await Promise.all(initial.map((each) => each.start()))),
    async remove() {
      for (const each of processes) {
        each.gateway.close();
        await each.kill();
      }
      await rm(directory, { recursive: true, force: true });
    },
  };
}

interface CreateProcessOptions {
  name: string;
  directory: string;
  binary: string;
  pki: OpensslPki;
  tls: TlsIdentity;
  initial: () => readonly EtcdProcess[];
}

async function createProcess(options: CreateProcessOptions): Promise<EtcdProcess> {
  const { name, directory, binary, pki, tls, initial } = options;
  const [clientPort, peerPort] = [await freePort(), await freePort()];
  const clientUrl = `https://127.0.0.1:${clientPort}`;
  const peerUrl = `https://127.0.0.1:${peerPort}`;
  const dataDirectory = join(directory, `${name}-${peerPort}`);
  let child: ChildProcess | undefined;
  const process: EtcdProcess = {
    name,
    peerUrl,
    clientPort,
    gateway: createEtcdGateway({ node: name, serverName: '127.0.0.1', tls, connect: () => openLoopback(clientPort) }),
    grpc: {
      label: `etcd of ${name}`,
      host: name,
      open: () => openLoopback(clientPort),
      serverName: '127.0.0.1',
      identity: tls,
    },
    known: () => peerMembers({ node: name, serverName: '127.0.0.1', tls, connect: () => openLoopback(peerPort) }),
    restore(snapshot) {
      execFileSync(
        join(dirname(binary), 'etcdutl'),
        [
          ...['snapshot', 'restore', snapshot, `--data-dir=${dataDirectory}`, `--name=${name}`],
          ...[`--initial-cluster=${name}=${peerUrl}`, `--initial-advertise-peer-urls=${peerUrl}`],
          ...['--initial-cluster-token=restored', '--bump-revision=1000000000', '--mark-compacted'],
        ],
        { stdio: 'ignore' },
      );
    },
    async start(joining) {
      await serving(launched(joining));
    },
    launch: (joining) => void launched(joining),
    pid() {
      if (child?.pid === undefined) throw new Error(`${name} was not started`);
      return child.pid;
    },
    async kill() {
      if (child?.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
  const launched = (joining?: Joining): ChildProcess => {
    const peers = joining ? [...joining.others, process] : initial();
    child = spawn(binary, [
      ...[`--name=${name}`, `--data-dir=${dataDirectory}`, '--logger=zap', '--unsafe-no-fsync'],
      ...[`--listen-client-urls=${clientUrl}`, `--advertise-client-urls=${clientUrl}`],
      ...[`--listen-peer-urls=${peerUrl}`, `--initial-advertise-peer-urls=${peerUrl}`],
      `--initial-cluster=${peers.map((peer) => `${peer.name}=${peer.peerUrl}`).join(',')}`,
      ...[`--initial-cluster-state=${joining?.state ?? 'new'}`, '--heartbeat-interval=100', '--election-timeout=2000'],
      ...[`--cert-file=${pki.directory}/etcd-server.crt`, `--key-file=${pki.directory}/etcd-server.key`],
      ...['--client-cert-auth', `--trusted-ca-file=${pki.directory}/ca.crt`],
      ...[`--peer-cert-file=${pki.directory}/etcd-server.crt`, `--peer-key-file=${pki.directory}/etcd-server.key`],
      ...['--peer-client-cert-auth', `--peer-trusted-ca-file=${pki.directory}/ca.crt`],
    ]);
    return child;
  };
  return process;
}

async function serving(child: ChildProcess): Promise<void> {
  const log: string[] = [];
  const ready = new Promise<void>((resolve) => {
    if (!child.stderr) return;
    createInterface(child.stderr).on('line', (line) => {
      log.push(line);
      if (line.includes('"msg":"serving client traffic securely"')) resolve();
    });
  });
  const ended = once(child, 'exit').then(() => {
    throw new Error(`etcd ended:\n${log.slice(-20).join('\n')}`);
  });
  await Promise.race([ready, ended]);
  ended.catch(() => undefined);
}

/** A connection to a port of this machine. */
export async function openLoopback(port: number) {
  const socket = connect({ port, host: '127.0.0.1' });
  await once(socket, 'connect');
  return asPlainDuplex(socket);
}
