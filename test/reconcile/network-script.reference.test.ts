import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type BrokenWay, networkScript, parseBroken, type Way } from '../../src/reconcile/network-ways.js';
import { execute } from '../e2e/helpers/cli.js';
import { createOpensslPki, type OpensslPki } from '../helpers/openssl-pki.js';

/* The script as bash runs it, with the real curl, a TLS server and a name server. */

const NAME = 'kubernetes.default.svc.cluster.local';
const NAME_SERVER = '127.77.0.10';

let scratch: string;
let pki: OpensslPki;
let server: Server;
let nameServer: Socket;
/** What the TLS server answers, in turn; then 401. */
let answers: (number | 'cut')[];
/** Addresses that the TLS server was asked from. */
let askedFrom: (string | undefined)[];
/** What the name server answers, in turn; then the last one. */
let addresses: (string | undefined)[];

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'ways-'));
  pki = createOpensslPki();
  server = createServer(pki.issue('server'), (request, response) => {
    askedFrom.push(request.socket.remoteAddress);
    const status = answers.shift() ?? 401;
    if (status === 'cut') request.socket.destroy();
    else response.writeHead(status).end();
  });
  server.listen(0, '127.0.0.1');
  nameServer = createSocket('udp4', (question, { port, address }) => {
    const known = addresses.length > 1 ? addresses.shift() : addresses[0];
    nameServer.send(reply(question, known), port, address);
  });
  nameServer.bind(53, NAME_SERVER);
  await Promise.all([once(server, 'listening'), once(nameServer, 'listening')]);
});
afterAll(async () => {
  server?.close();
  nameServer?.close();
  pki?.remove();
  await rm(scratch, { recursive: true });
});
beforeEach(() => {
  answers = [];
  askedFrom = [];
  addresses = ['10.96.0.1'];
});

/** As CoreDNS answers: the question again, then the record; undefined: there is no such name. */
function reply(question: Buffer, address: string | undefined): Buffer {
  const known = question.includes(Buffer.from('\x0akubernetes\x07default\x03svc\x07cluster\x05local\0', 'latin1'));
  const found = known && address !== undefined;
  const header = Buffer.from([
    ...question.subarray(0, 2),
    0x85,
    found ? 0x80 : 0x83,
    0,
    1,
    0,
    found ? 1 : 0,
    0,
    0,
    0,
    0,
  ]);
  const record = [0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 30, 0, 4, ...(address ?? '').split('.').map(Number)];
  return Buffer.concat([header, question.subarray(12), Buffer.from(found ? record : [])]);
}

/** Found before those of the machine. */
async function programs(texts: Record<string, string>): Promise<string> {
  const directory = await mkdtemp(join(scratch, 'bin-'));
  for (const [name, text] of Object.entries(texts)) await writeFile(join(directory, name), text, { mode: 0o755 });
  return `${directory}:${process.env.PATH}`;
}

const port = (): number => (server.address() as AddressInfo).port;
const way = (word: string): Way => ({ kind: 'api', word, what: word, hint: '' });

async function look(words: string[], patienceS = 0, env: NodeJS.ProcessEnv = {}): Promise<BrokenWay[]> {
  const ways = words.map(way);
  const ca = join(pki.directory, 'ca.crt');
  const { command, input } = networkScript({ ways, ca, source: '127.0.0.9', patienceS });
  const { exit, stdout, stderr } = await execute('sh', ['-c', command], { ...process.env, ...env }, input);
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
  return parseBroken(`Welcome, core!\n${stdout}`, ways);
}

describe('prove-network.bash', () => {
  it('prints nothing where all ways work, whatever the servers answer, and asks pods’ ways from its own address', async () => {
    const dns = `dns=${NAME_SERVER},${NAME},10.96.0.1`;
    expect(await look([`api=127.0.0.1:${port()}`, dns, `pods=127.0.0.1:${port()}`])).toEqual([]);
    expect(askedFrom.toSorted()).toEqual(['127.0.0.1', '127.0.0.9']);
  });

  it('starts one curl for all ways of HTTPS', async () => {
    const ways = Array.from({ length: 20 }, (_, index) => `pods=127.0.0.${index + 1}:1`);
    const log = join(scratch, 'starts');
    const curl = `#!/bin/sh\necho started >>${log}\nPATH=\${PATH#*:} exec curl "$@"\n`;
    const broken = await look([`api=127.0.0.1:${port()}`, ...ways], 0, { PATH: await programs({ curl }) });
    const starts = await readFile(log, 'utf8');
    expect(broken).toEqual([]);
    expect(starts).toBe('started\n');
  });

  it('names those that do not, and why; a refusal has come the way of pods too', async () => {
    answers = ['cut'];
    expect(await look(['api=127.0.0.1:1', 'pods=127.0.0.1:1', `pods=127.0.0.1:${port()}`])).toMatchObject([
      { word: 'api=127.0.0.1:1', why: expect.stringContaining('curl: (7)') },
      { word: `pods=127.0.0.1:${port()}`, why: expect.stringContaining('curl: (52)') },
    ]);
  });

  it('tells a machine from somebody who listens on it, and asks whether large packets arrive', async () => {
    const closed = ['reach=127.0.0.1:1', 'open=127.0.0.1:1'];
    const broken = await look([...closed, `open=127.0.0.1:${port()}`, 'reach=255.255.255.255:1']);
    expect(broken.map(({ word, why }) => `${word} ${why}`).toSorted()).toEqual([
      'open=127.0.0.1:1 Connection refused',
      'reach=255.255.255.255:1 Network is unreachable',
    ]);
  });

  it('asks whether large packets arrive whole', async () => {
    const ping =
      '#!/bin/sh\ncase " $* " in *" -M do -s 1400 127.0.0.1 "*) exit 0;; esac\necho message too long; exit 1\n';
    const PATH = await programs({ ping });
    const ways = ['whole=127.0.0.1,1400', 'whole=127.0.0.1,1401'];
    expect(await look(ways, 0, { PATH })).toMatchObject([
      { word: 'whole=127.0.0.1,1401', why: 'ping: message too long' },
    ]);
  });

  it('believes no apiserver that the CA has not signed', async () => {
    const stranger = createOpensslPki();
    const other = createServer(stranger.issue('server'), (_, response) => response.end()).listen(0, '127.0.0.1');
    await once(other, 'listening');
    const word = `api=127.0.0.1:${(other.address() as AddressInfo).port}`;
    const broken = await look([word]).finally(() => {
      other.close();
      stranger.remove();
    });
    expect(broken).toMatchObject([{ word, why: expect.stringContaining('certificate') }]);
  });

  it('is not content with a name server that knows another address, or none, or is not there', async () => {
    const word = (answer: string, address = NAME_SERVER) => `dns=${address},${NAME},${answer}`;
    expect(await look([word('10.96.0.2')])).toMatchObject([{ why: expect.stringContaining('does not know') }]);
    expect(await look([word('*')])).toEqual([]);
    addresses = [undefined];
    expect(await look([word('*')])).toMatchObject([{ why: expect.stringContaining('does not know') }]);
    expect(await look([word('10.96.0.1')])).toMatchObject([{ why: expect.stringContaining('does not know') }]);
    expect(await look([word('10.96.0.1', '127.77.0.11')])).toMatchObject([
      { why: expect.stringContaining('does not answer') },
    ]);
  });

  it('tries those again that failed, and only those, while there is time', async () => {
    answers = ['cut', 'cut'];
    addresses = [undefined, '10.96.0.1'];
    expect(await look([`pods=127.0.0.1:${port()}`, `dns=${NAME_SERVER},${NAME},10.96.0.1`], 60)).toEqual([]);
    expect(askedFrom).toHaveLength(3);
  });
});
