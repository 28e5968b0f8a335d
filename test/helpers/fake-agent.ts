import { once } from 'node:events';
import { createServer } from 'node:net';

/* An agent that names its keys and signs nothing: enough to see whom it is asked for. */

/** Message types of draft-ietf-sshm-ssh-agent. */
export const REQUEST_IDENTITIES = 11;
const IDENTITIES_ANSWER = 12;
export const SIGN_REQUEST = 13;

export interface FakeAgent {
  /** Types of what it was asked. */
  requests: (number | undefined)[];
  /** Resolves once every connection is closed. */
  close(): Promise<void>;
}

export interface FakeAgentOptions {
  socket: string;
  /** Public keys as lines of OpenSSH. */
  keys: readonly string[];
  /** A signature was asked for, which will not come. */
  onSign?: () => void;
}

export async function startFakeAgent({ socket, keys, onSign }: FakeAgentOptions): Promise<FakeAgent> {
  const requests: FakeAgent['requests'] = [];
  const server = createServer((connection) => {
    connection.on('data', (request) => {
      const type = request[4];
      requests.push(type);
      if (type === REQUEST_IDENTITIES) connection.write(identitiesAnswer(keys));
      if (type === SIGN_REQUEST) onSign?.();
    });
  }).listen(socket);
  await once(server, 'listening');
  return {
    requests,
    async close() {
      server.close();
      await once(server, 'close');
    },
  };
}

/** The keys, without comments. */
function identitiesAnswer(keys: readonly string[]): Buffer {
  const blobs = keys.map((line) => Buffer.from(line.split(' ')[1] ?? '', 'base64'));
  const entries = blobs.flatMap((blob) => [withLength(blob), withLength(Buffer.alloc(0))]);
  return withLength(Buffer.concat([Buffer.from([IDENTITIES_ANSWER]), numeral(keys.length), ...entries]));
}

function withLength(data: Buffer): Buffer {
  return Buffer.concat([numeral(data.length), data]);
}

function numeral(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
