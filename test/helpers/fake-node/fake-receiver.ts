import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { Parser } from 'tar';
import type { ManifestEntry } from '../../../src/delivery/segment.js';
import type { OperatorMark } from '../../../src/node/operator-mark.js';
import { ByteReader } from './byte-reader.js';

/** What the command line of the receiver said, and what then arrived. */
export interface Delivery {
  clusterId: string;
  incarnation: number;
  operator: OperatorMark;
  /** Segment ID → its manifest, verified. */
  segments: Map<string, ManifestEntry[]>;
  removed: string[];
}

interface Header {
  id: string;
  encoding: string;
  bodyBytes: number;
}

/**
 * The node's half of the protocol of manifests/node/receive-files.bash, in memory: bodies are hashed as they come,
 * rendered files that arrive as gzip are unpacked and hashed one by one, nothing is installed.
 */
export async function receive(stdin: Readable, stdout: Writable, delivery: Delivery): Promise<number> {
  const reader = new ByteReader(stdin);
  stdout.write('ready\n');
  for (let line = await reader.line(); line !== undefined; line = await reader.line()) {
    const [word, id = '', encoding = '', manifestBytes, bodyBytes] = line.split(' ');
    const manifest = (await reader.bytes(Number(manifestBytes))).toString();
    if (word === 'remove') {
      delivery.removed.push(...manifest.split('\n').filter(Boolean));
    } else {
      const entries = manifest.split('\n').filter(Boolean).map(manifestEntry);
      if (!(await isIntact(reader, { id, encoding, bodyBytes: Number(bodyBytes) }, entries))) {
        stdout.write(`corrupt ${id}\n`);
        return 65;
      }
      delivery.segments.set(id, entries);
    }
    stdout.write(`done ${id}\n`);
  }
  return 0;
}

function manifestEntry(line: string): ManifestEntry {
  const [sha256 = '', mode = '', entry = '', ...path] = line.split(' ');
  return { sha256, mode: Number.parseInt(mode, 8), entry, path: path.join(' ') };
}

async function isIntact(reader: ByteReader, { encoding, bodyBytes }: Header, entries: ManifestEntry[]) {
  const rendered = entries.filter(({ entry, sha256 }) => entry !== sha256);
  const kept: Buffer[] = [];
  const digest = createHash('sha256');
  for await (const chunk of reader.chunks(bodyBytes)) {
    digest.update(chunk);
    if (rendered.length > 0) kept.push(chunk);
  }
  if ((await reader.line()) !== digest.digest('hex')) return false;
  if (rendered.length === 0 || encoding !== 'gzip') return true;
  const found = await unpack(gunzipSync(Buffer.concat(kept)));
  return rendered.every(({ entry, sha256, mode }) => found.get(entry) === `${sha256} ${mode}`);
}

/** Entry name → hash and mode of what the archive holds under it. */
async function unpack(archive: Buffer): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const parser = new Parser();
  parser.on('entry', (entry) => {
    const digest = createHash('sha256');
    entry.on('data', (chunk: Buffer) => digest.update(chunk));
    entry.on('end', () => found.set(entry.path, `${digest.digest('hex')} ${entry.mode}`));
  });
  const ended = once(parser, 'end');
  parser.end(archive);
  await ended;
  return found;
}
