import { Cluster } from '../../src/cluster/cluster.js';
import { NodeSession } from '../../src/cluster/node-session.js';
import { DisklessError } from '../../src/errors.js';
import type { Connection, ExecOptions, ExecResult, HostKey } from '../../src/ssh/transport.js';
import { sampleSpec } from '../helpers/sample-facts.js';

/** What a machine was told over one connection. */
export interface Told extends ExecOptions {
  command: string;
}

export type Answer = (told: Told) => Partial<ExecResult> | Promise<Partial<ExecResult>>;

export interface FakeConnection {
  connection: Connection;
  /** The link goes down. */
  lose(): void;
}

const HOST_KEY: HostKey = { type: 'ssh-ed25519', fingerprint: 'SHA256:abc' };

/** A connection whose machine answers every command as scripted; lost, it fails what runs as the real one does. */
export function fakeConnection(answer: Answer, hostKey = HOST_KEY): FakeConnection {
  let resolveClosed = (_: Error | undefined): void => {};
  const closed = new Promise<Error | undefined>((resolve) => {
    resolveClosed = resolve;
  });
  const lost = new DisklessError({ code: 'connection-lost', message: 'the connection was lost' });
  const failing = closed.then(() => Promise.reject(lost));
  failing.catch(() => {});
  const exec = async (command: string, options: ExecOptions): Promise<ExecResult> => {
    const answered = await Promise.race([Promise.resolve(answer({ command, ...options })), failing]);
    return {
      host: '',
      label: options.label,
      exitCode: 0,
      signal: null,
      stdout: '',
      stderr: '',
      durationMs: 1,
      ...answered,
    };
  };
  const opensAnother = async () => true;
  const connection = { host: 's4', hostKey, closed, exec, opensAnother, end: () => resolveClosed(undefined) };
  return { connection: connection as unknown as Connection, lose: () => resolveClosed(lost) };
}

/** A session whose connections come one after the other; an error is a failed attempt to connect. */
export function sessionOver(
  name: string,
  openings: (FakeConnection | Error)[],
  signal = new AbortController().signal,
  onLoss?: (loss: DisklessError) => void,
) {
  const left = [...openings];
  return new NodeSession({
    name,
    signal,
    ...(onLoss && { onLoss }),
    async open() {
      const next = left.shift();
      if (next === undefined) throw new Error(`${name} was connected to more often than expected`);
      if (next instanceof Error) throw next;
      return next.connection;
    },
  });
}

/** A cluster of these machines, with these ways to its APIs and no others. */
export function clusterOf(sessions: readonly NodeSession[], apis: Record<string, unknown> = {}): Cluster {
  const byName = new Map(sessions.map((session) => [session.name, session]));
  const identities = () => Promise.reject(new Error('no TLS here'));
  return Object.assign(new Cluster({ spec: sampleSpec(), sessions: byName, identities }), apis);
}
