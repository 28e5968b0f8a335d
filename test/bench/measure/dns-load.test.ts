import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { runDnsLoad } from '../../../src/bench/measure/dns-load.js';
import { localShell } from '../../helpers/local-shell.js';

/* The script itself, in a shell of this machine, against a nameserver on loopback. */

const NAME = 'kube-dns.kube-system.svc.cluster.local';

type Reply = () => void;

/** A nameserver that knows every name. @param on Given how to answer each question after the first, and its name */
async function nameserver(on: (reply: Reply, asked: string, close: () => void) => void, code = 0): Promise<number> {
  const socket = createSocket('udp4');
  let [first, open] = [true, true];
  const close = () => {
    if (open) socket.close();
    open = false;
  };
  socket.on('message', (query: Buffer, { port, address }: RemoteInfo) => {
    const header = Buffer.from(query.subarray(0, 12));
    header.writeUInt16BE(0x8180 | code, 2);
    header.writeUInt16BE(1, 6);
    const reply = () => socket.send(Buffer.concat([header, query.subarray(12)]), port, address);
    if (first) reply();
    else on(reply, nameOf(query), close);
    first = false;
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  onTestFinished(close);
  return (socket.address() as AddressInfo).port;
}

/** @throws RangeError when the question is cut off */
function nameOf(query: Buffer): string {
  const labels: string[] = [];
  let at = 12;
  while (query.readUInt8(at) !== 0) {
    const length = query.readUInt8(at);
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  expect(query).toHaveLength(at + 5);
  return labels.join('.');
}

function load({ port, rate = 20, seconds = 0.5, name = NAME, uptime = '/proc/uptime', patienceS = 2 }: LoadOptions) {
  const rewrite = (text: string) =>
    text.startsWith('bash')
      ? text.replace(' 53 ', ` ${port} `).replace(/ 2$/, ` ${patienceS}`)
      : text.replaceAll('/proc/uptime', uptime);
  return runDnsLoad({
    client: localShell({ rewrite }),
    nameserver: '127.0.0.1',
    name,
    dns: { rate, seconds },
    round: 1,
    signal: new AbortController().signal,
  });
}

interface LoadOptions {
  port: number;
  rate?: number;
  seconds?: number;
  name?: string;
  uptime?: string;
  /** Until a lookup is lost. */
  patienceS?: number;
}

test('a nameserver that stalls delays no lookup after it, and its stall is in the latency of each', async () => {
  const waiting: Reply[] = [];
  const port = await nameserver((reply) => {
    if (waiting.push(reply) === 10) for (const release of waiting) release();
  });
  const samples = await load({ port, patienceS: 20 });
  expect(samples.map(({ failure }) => failure)).toEqual(new Array(10).fill(null));
  // All were answered after the last one was due, 50 ms for each behind them.
  for (const [index, { latencyMs }] of samples.entries()) expect(latencyMs).toBeGreaterThanOrEqual((9 - index) * 50);
});

test.each([NAME, 'kube-dns.kube-system.svc.university.local'])('asks for %s in one datagram', async (name) => {
  const asked: string[] = [];
  const port = await nameserver((reply, question) => {
    asked.push(question);
    reply();
  });
  const samples = await load({ port, name });
  expect(asked).toEqual(new Array(10).fill(name));
  for (const { latencyMs } of samples) expect(latencyMs).toBeGreaterThan(0);
});

test('what is not answered is lost, and nothing else is', async () => {
  let seen = 0;
  const port = await nameserver((reply) => {
    seen += 1;
    if (seen % 2 === 0) reply();
  });
  const samples = await load({ port });
  const lost = samples.filter(({ failure }) => failure === 'no answer within 2 s');
  expect([lost.length, samples.length]).toEqual([5, 10]);
  expect(new Set(lost.map(({ latencyMs }) => latencyMs))).toEqual(new Set([null]));
});

test('a nameserver that is gone answers nothing more', async () => {
  // The socket must be closed by the time the next lookup comes.
  const samples = await load({ port: await nameserver((_reply, _asked, close) => close()), rate: 1, seconds: 3 });
  const failures = samples.map(({ failure }) => failure);
  expect(failures).toEqual(['no answer within 2 s', ...new Array(2).fill('nobody listens at its port')]);
});

describe('is no measurement', () => {
  test('when the name does not exist', async () => {
    const port = await nameserver((reply) => reply(), 3);
    await expect(load({ port })).rejects.toMatchObject({
      code: 'dns-failed',
      message: `127.0.0.1 asked for ${NAME}: it answers with code 3`,
    });
  });

  test('when nobody listens', async () => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const { port } = socket.address();
    socket.close();
    await expect(load({ port })).rejects.toMatchObject({ code: 'dns-failed' });
  });

  test('when the clock was set: it ran while the time since boot stood still', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'dns-load-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    const uptime = join(directory, 'uptime');
    await writeFile(uptime, '100.00 0.00\n');
    await expect(load({ port: await nameserver((reply) => reply()), uptime })).rejects.toMatchObject({
      code: 'clock-set',
    });
  });
});
