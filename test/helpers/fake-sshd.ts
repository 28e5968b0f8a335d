/**
 * An in-process SSH server with scripted behaviour, to provoke what a real one does not do on demand.
 *
 *   const sshd = await startFakeSshd({ users: { core: [key.public] }, exec: ({ stdout }) => { stdout.write('hi'); return 0; } });
 *   await connect({ target: { host: sshd.host, port: sshd.port, user: 'core' }, … });
 *   await sshd.close();
 *
 * - `exec` answers every command: return an exit code, `{ signal: 'KILL' }` or `'no-status'`. A handler that does not
 *   read `stdin` lets the client's window run full; `realShell()` runs the command by this machine's /bin/sh.
 * - `users` maps a user to the public keys (OpenSSH lines) that let him in; signatures are verified.
 * - `forward`: 'tcp' (default) really connects, so a fake sshd can be a jump host to another; 'prohibited' refuses as
 *   AllowTcpForwarding=no does; 'fail' as an unreachable address does.
 * - `faults` may be changed at any time and counts for what comes next; see FakeFaults.
 * - `reboot()` drops every connection and makes new host keys. `dropAll()` resets, `stallAll()` silences what is open.
 * - What happened: `connections` (TCP), `logins`, `commands`, `keysOffered`, and the most there was at a time:
 *   `sessionsPeak` (of one connection), `handshakesPeak`. `seenCommands(n)`, `seenConnection()`
 *   and `seenClosed()` wait for it.
 * One server costs a listening socket and a key; fifty in one process are fine.
 */
import { EventEmitter, once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server as NetServer, type Socket } from 'node:net';
import ssh2, {
  type AuthContext,
  type Connection,
  type ParsedKey,
  type Server,
  type ServerChannel,
  type Session,
} from 'ssh2';
import { type ExecHandler, serveExec } from './fake-sshd-exec.js';
import { FaultySocket, type SocketFaults } from './fake-sshd-socket.js';
import { type KeyType, newKeyPair } from './key-files.js';

export interface FakeFaults extends SocketFaults {
  /** So many of the next connections are closed before the banner (MaxStartups, PerSourcePenalties). */
  resetBeforeBanner?: number;
  /** What such a connection is told before, e.g. `Not allowed at this time`. */
  lastWords?: string;
  /** The banner waits for this. */
  holdBanner?: Promise<unknown>;
  /** No key is good enough. */
  refuseAuth?: boolean;
  /** Authentication is never answered. */
  ignoreAuth?: boolean;
  /** The key is right, but something else is asked for as well. */
  secondFactor?: boolean;
  /** Hangs up, as sshd does, after so many keys were offered. */
  maxAuthTries?: number;
  /** Sessions open at once; one more is refused. */
  maxSessions?: number;
  /** Sessions open, but no command is run (ForceCommand, nologin). */
  refuseExec?: boolean;
}

export interface FakeSshdOptions {
  /** Private keys in OpenSSH format; default: one new ed25519 key. */
  hostKeys?: string[];
  users: Record<string, string[]>;
  exec?: ExecHandler;
  forward?: 'tcp' | 'prohibited' | 'fail';
  faults?: FakeFaults;
  host?: string;
  port?: number;
  /** Key exchanges offered, to stand in for servers of other times. */
  kex?: string[];
}

export async function startFakeSshd(options: FakeSshdOptions): Promise<FakeSshd> {
  const sshd = new FakeSshd(options);
  await sshd.listen();
  return sshd;
}

/** The reason sshd gives when it has seen too many keys (RFC 4253 §11.1 has none of its own for that). */
const PROTOCOL_ERROR = 2;

export class FakeSshd {
  readonly host: string;
  port = 0;
  faults: FakeFaults;
  connections = 0;
  sessionsPeak = 0;
  handshakesPeak = 0;
  readonly logins: string[] = [];
  readonly commands: string[] = [];
  /** `HOST:PORT` of the connections made for clients. */
  readonly forwarded: string[] = [];
  /** As `USER TYPE HASH`, e.g. `core ssh-rsa sha512`; the hash only where the client named one. */
  readonly keysOffered: string[] = [];
  readonly #options: FakeSshdOptions;
  readonly #listener: NetServer;
  readonly #sockets = new Set<FaultySocket>();
  readonly #spoken = new Set<FaultySocket>();
  readonly #events = new EventEmitter();
  #loggedIn = 0;
  #server: Server;
  #hostKeys: string[];

  constructor(options: FakeSshdOptions) {
    this.#options = options;
    this.host = options.host ?? '127.0.0.1';
    this.faults = options.faults ?? {};
    this.#hostKeys = options.hostKeys ?? [newHostKey()];
    this.#server = this.#createServer();
    this.#listener = createServer((socket) => void this.#welcome(socket));
  }

  /** After `close` on the same port again: a machine that has come up. */
  async listen(): Promise<void> {
    this.#listener.listen(this.#options.port ?? this.port, this.host);
    await once(this.#listener, 'listening');
    this.port = (this.#listener.address() as AddressInfo).port;
  }

  /** `TYPE BASE64` of every host key, as a known_hosts line ends. */
  get hostKeyLines(): string[] {
    return this.#hostKeys.map((text) => {
      const key = parsePrivate(text);
      return `${key.type} ${key.getPublicSSH().toString('base64')}`;
    });
  }

  /** Connections open now. */
  get open(): number {
    return this.#sockets.size;
  }

  /** Resolves when so many commands have arrived. */
  async seenCommands(count: number): Promise<void> {
    while (this.commands.length < count) await once(this.#events, 'command');
  }

  /** Resolves when a connection has been made. */
  async seenConnection(): Promise<void> {
    while (this.connections === 0) await once(this.#events, 'connection');
  }

  /** Resolves when no connection is open. */
  async seenClosed(): Promise<void> {
    while (this.#sockets.size > 0) await once(this.#events, 'closed');
  }

  reboot(hostKeys: string[] = [newHostKey()]): void {
    this.#hostKeys = hostKeys;
    this.#server = this.#createServer();
    this.dropAll();
  }

  dropAll(): void {
    for (const socket of this.#sockets) socket.reset();
  }

  stallAll(): void {
    for (const socket of this.#sockets) socket.stall();
  }

  async close(): Promise<void> {
    this.dropAll();
    this.#listener.close();
    await once(this.#listener, 'close');
  }

  #createServer(): Server {
    const { kex } = this.#options;
    const algorithms = kex === undefined ? {} : { algorithms: { kex: kex as never } };
    const server = new ssh2.Server({ hostKeys: this.#hostKeys, ...algorithms });
    server.on('connection', (client: Connection) => this.#serve(client));
    return server;
  }

  async #welcome(socket: Socket): Promise<void> {
    this.connections++;
    socket.setNoDelay(true);
    socket.on('error', () => {});
    const { resetBeforeBanner = 0, lastWords, holdBanner } = this.faults;
    if (resetBeforeBanner > 0) {
      this.faults = { ...this.faults, resetBeforeBanner: resetBeforeBanner - 1 };
      if (lastWords === undefined) socket.resetAndDestroy();
      else socket.resume().end(`${lastWords}\r\n`);
      return;
    }
    const faulty = new FaultySocket(socket, () => this.faults);
    this.#sockets.add(faulty);
    this.#events.emit('connection');
    faulty.once('close', () => {
      this.#sockets.delete(faulty);
      this.#spoken.delete(faulty);
      this.#events.emit('closed');
    });
    // A client that waits for its turn has not said anything yet.
    socket.once('data', () => {
      this.#spoken.add(faulty);
      this.handshakesPeak = Math.max(this.handshakesPeak, this.#spoken.size - this.#loggedIn);
    });
    await holdBanner;
    // ssh2 asks of its socket only what every Duplex has.
    if (!faulty.destroyed) this.#server.injectSocket(faulty as unknown as Socket);
  }

  #serve(client: Connection): void {
    let user = '';
    let offered = 0;
    let sessions = 0;
    client.on('error', () => {});
    client.on('authentication', (context: AuthContext) => {
      user = context.username;
      if (context.method === 'publickey' && !context.signature) offered++;
      if (offered > (this.faults.maxAuthTries ?? Number.POSITIVE_INFINITY)) disconnect(client);
      else this.#authenticate(context);
    });
    client.on('ready', () => {
      this.logins.push(user);
      this.#loggedIn++;
      client.once('close', () => this.#loggedIn--);
    });
    client.on('session', (accept, reject) => {
      if (sessions >= (this.faults.maxSessions ?? Number.POSITIVE_INFINITY)) {
        reject();
        return;
      }
      this.sessionsPeak = Math.max(this.sessionsPeak, ++sessions);
      const session = accept();
      session.once('close', () => sessions--);
      this.#serveSession(session, user);
    });
    if (this.#options.forward === 'prohibited') return;
    client.on('tcpip', (accept, reject, { destIP: host, destPort: port }) => {
      this.forwarded.push(`${host}:${port}`);
      if (this.#options.forward === 'fail') reject();
      else forwardTo(connect({ host, port, noDelay: true }), client, accept, reject);
    });
  }

  #authenticate(context: AuthContext): void {
    if (context.method !== 'publickey') {
      context.reject(['publickey']);
      return;
    }
    const { username, key, signature, blob, hashAlgo } = context;
    if (signature === undefined) this.keysOffered.push([username, key.algo, hashAlgo].filter(Boolean).join(' '));
    if (this.faults.ignoreAuth) return;
    const known = this.faults.refuseAuth ? [] : (this.#options.users[username] ?? []);
    const own = known.map((line) => ssh2.utils.parseKey(line) as ParsedKey);
    const match = own.find((candidate) => candidate.getPublicSSH().equals(key.data));
    const signed = signature === undefined || (blob !== undefined && match?.verify(blob, signature, hashAlgo) === true);
    if (!match || !signed) context.reject(['publickey']);
    else if (signature !== undefined && this.faults.secondFactor) context.reject(['keyboard-interactive'], true);
    else context.accept();
  }

  #serveSession(session: Session, user: string): void {
    session.on('exec', (accept, reject, { command }) => {
      this.commands.push(command);
      this.#events.emit('command');
      const { exec } = this.#options;
      if (this.faults.refuseExec || !exec) reject();
      else void serveExec(accept(), command, user, exec);
    });
  }
}

function forwardTo(socket: Socket, client: Connection, accept: () => ServerChannel, reject: () => void): void {
  const destroy = () => socket.destroy();
  socket.once('error', reject);
  client.once('close', destroy);
  socket.once('close', () => client.off('close', destroy));
  socket.once('connect', () => {
    socket.off('error', reject);
    socket.on('error', () => {});
    const channel = accept();
    channel.on('error', () => {});
    channel.once('close', () => socket.destroy());
    socket.once('close', () => channel.close());
    channel.pipe(socket).pipe(channel);
  });
}

/** A new private key in OpenSSH format. */
export function newHostKey(type: KeyType = 'ed25519'): string {
  return newKeyPair({ type }).private;
}

function parsePrivate(text: string): ParsedKey {
  const key = ssh2.utils.parseKey(text);
  return (Array.isArray(key) ? key[0] : key) as ParsedKey;
}

function disconnect(client: Connection): void {
  // The public API can only say goodbye politely; sshd gives a reason.
  const { _protocol: protocol } = client as unknown as { _protocol: { disconnect(reason: number): void } };
  protocol.disconnect(PROTOCOL_ERROR);
  client.end();
}
