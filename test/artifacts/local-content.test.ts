import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { openCache } from '../../src/artifacts/cache.js';
import { directorySource } from '../../src/artifacts/directory-source.js';
import { localContent } from '../../src/artifacts/local-content.js';
import { BINARIES, fakeBinary, PLUGINS, sha256, VERSIONS, writeWithChecksum } from '../helpers/release-directory.js';
import { artifactsDirectory, progressLog, rejection, temporaryDirectory } from './fixtures.js';
import { files, serve } from './http-fixtures.js';
import { dockerArchive, tarOf } from './image-fixtures.js';

const ALL = [...BINARIES, ...PLUGINS, 'etcd'].sort();

async function open(options: { root?: string; directory?: string; images?: string } = {}) {
  const { root = join(temporaryDirectory(), 'cache'), directory = artifactsDirectory(), images } = options;
  const cache = await openCache({ root });
  const log = progressLog();
  const source = directorySource({ directory, cache });
  const content = await localContent({
    versions: VERSIONS,
    source,
    cache,
    env: process.env,
    progress: log.progress,
    ...(images !== undefined && { images }),
  });
  return { content, root, directory, seen: log.seen };
}

function imagesDirectory(): string {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'pause.tar'), tarOf(dockerArchive({ reference: 'registry.k8s.io/pause:3.6' })));
  writeFileSync(join(directory, 'arm.tar'), tarOf(dockerArchive({ reference: 'x.test/arm:1', arch: 'arm64' })));
  return directory;
}

describe('localContent', () => {
  it('reads a large member to its last byte', async () => {
    const directory = artifactsDirectory();
    const path = join(directory, `kubernetes/v${VERSIONS.kubernetes}/bin/linux/amd64/kubelet`);
    const binary = Buffer.concat([fakeBinary('kubelet'), randomBytes(1_000_000)]);
    writeWithChecksum(path, binary);
    const { content } = await open({ directory });
    await content.artifacts('amd64');
    const member = await content.member(sha256(binary), 'gzip');
    const parts: Buffer[] = [];
    for await (const chunk of member.read()) parts.push(Buffer.from(chunk));
    expect(gunzipSync(Buffer.concat(parts)).includes(binary)).toBe(true);
  });

  it('does everything once: a second run reads and compresses nothing', async () => {
    const images = imagesDirectory();
    const sendAll = async ({ content }: Awaited<ReturnType<typeof open>>) => {
      const wanted = [...(await content.artifacts('amd64')).values(), ...(await content.images())];
      return Promise.all(wanted.map(async (file) => (await content.member(file.sha256, 'gzip')).bytes));
    };
    const first = await open({ images });
    const sent = await sendAll(first);
    expect(first.seen()).toContain('compress kubelet');
    const second = await open({ images, root: first.root, directory: first.directory });
    expect(await sendAll(second)).toEqual(sent);
    expect(second.seen()).toEqual([]);
  });

  it('gives images by architecture', async () => {
    const { content } = await open({ images: imagesDirectory() });
    const references = async (arch?: string) => (await content.images(arch)).flatMap((image) => image.references);
    expect(await references('amd64')).toEqual(['registry.k8s.io/pause:3.6']);
    expect(await references()).toEqual(['x.test/arm:1', 'registry.k8s.io/pause:3.6']);
    expect(await (await open()).content.images('amd64')).toEqual([]);
  });

  it('refuses an architecture there are no releases for', async () => {
    const { content } = await open();
    expect(await rejection(content.artifacts('riscv64'))).toMatchObject({ code: 'architecture-unsupported', exit: 2 });
  });

  it('tries again after a failure', async () => {
    const { content, directory } = await open();
    const path = join(directory, `kubernetes/v${VERSIONS.kubernetes}/bin/linux/amd64/kubelet`);
    const good = readFileSync(path);
    writeFileSync(path, 'damaged');
    expect((await rejection(content.artifacts('amd64'))).code).toBe('artifact-corrupt');
    writeFileSync(path, good);
    expect([...(await content.artifacts('amd64')).keys()].sort()).toEqual(ALL);
  });
});

describe('two processes with one cold cache', () => {
  it('get the same, and leave a cache without debris', async () => {
    const directory = artifactsDirectory();
    const entries = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const paths = entries.map(({ parentPath, name }) => join(parentPath, name));
    const mirror = await serve(
      files(Object.fromEntries(paths.map((path) => [path.slice(directory.length), readFileSync(path)]))),
    );
    const root = join(temporaryDirectory(), 'cache');
    const outputs = await Promise.all([1, 2].map(() => prepareInProcess(root, mirror.url)));
    const [one = '[]', two] = outputs;
    expect(one).toBe(two);
    const members: { name: string; bytes: number }[] = JSON.parse(one);
    expect(members.map(({ name }) => name).sort()).toEqual(ALL);
    expect(readdirSync(join(root, 'parts'))).toEqual([]);
    const asked = mirror.requests.length;
    expect(await prepareInProcess(root, mirror.url)).toBe(one);
    expect(mirror.requests).toHaveLength(asked);
  }, 120_000);
});

async function prepareInProcess(root: string, mirror: string): Promise<string> {
  const script = new URL('prepare-process.ts', import.meta.url).pathname;
  const args = ['--import', 'tsx', script, root, mirror, JSON.stringify(VERSIONS)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  return text(child.stdout);
}
