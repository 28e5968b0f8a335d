import { once } from 'node:events';
import type { NodeSession } from '../cluster/node-session.js';
import { DisklessError } from '../errors.js';
import { scriptText } from '../node/script-text.js';
import { bashReader } from '../ssh/bash-script.js';
import { PORT } from './manifests.js';

const SCRIPT = scriptText('listen.bash');
/** Longer than any run of ours: it ends with our end of the connection. */
const LIFETIME_MS = 600_000;

/** Somebody who listens in the network of a pod, until he is closed or the connection to his node ends. */
export interface Listener {
  /** How many connections he has told of so far. */
  readonly connections: number;
  /** Resolves with his next word, or with his end. */
  heard(): Promise<void>;
  close(): Promise<void>;
}

export interface ListenOptions {
  session: NodeSession;
  /** A process of the pod. */
  pid: number;
  signal: AbortSignal;
}

/** @throws DisklessError `doctor-listener` where he does not */
export async function listenIn({ session, pid, signal }: ListenOptions): Promise<Listener> {
  const connection = await session.connection();
  const process = await connection.open(
    `nsenter -t ${pid} -n ${bashReader(SCRIPT, 'listen', String(PORT), '--accept')}`,
    { label: 'listen in a pod', root: true, timeoutMs: LIFETIME_MS, signal },
  );
  process.result.catch(() => undefined);
  let said = '';
  let connections = 0;
  let over = false;
  process.stdout.setEncoding('utf8');
  process.stdout.on('data', (text: string) => {
    said += text;
    connections = said.match(/^Connection from /gm)?.length ?? 0;
  });
  const ended = once(process.stdout, 'close').then(
    () => {
      over = true;
    },
    () => {
      over = true;
    },
  );
  const heard = (): Promise<void> =>
    Promise.race([
      ended,
      once(process.stdout, 'data').then(
        () => undefined,
        () => undefined,
      ),
    ]);
  while (!said.includes('Listening on') && !over) await heard();
  if (over) {
    throw new DisklessError({
      code: 'doctor-listener',
      host: session.name,
      message: `nothing listens on port ${PORT} in its pod`,
      detail: said.trim().slice(-500),
    });
  }
  return {
    get connections() {
      return connections;
    },
    heard,
    async close() {
      process.stdin.end();
      await process.result.catch(() => undefined);
    },
  };
}
