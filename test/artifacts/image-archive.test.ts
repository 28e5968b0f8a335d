import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readImageArchive } from '../../src/artifacts/image-archive.js';
import { sha256 } from '../helpers/release-directory.js';
import { rejection, temporaryCache, temporaryDirectory } from './fixtures.js';
import { dockerArchive, multiPlatformArchive, ociArchive, tarOf } from './image-fixtures.js';

const PAUSE = 'registry.k8s.io/pause:3.6';
const NAMED = { 'io.containerd.image.name': PAUSE };

async function read(data: Buffer, name = 'image.tar') {
  const path = join(temporaryDirectory(), name);
  writeFileSync(path, data);
  return readImageArchive({ path, cache: await temporaryCache(), onBytes: () => undefined });
}

describe('readImageArchive', () => {
  it('reads a Docker archive', async () => {
    const data = tarOf(dockerArchive({ reference: PAUSE, arch: 'arm64' }));
    expect(await read(data)).toMatchObject({
      gzipped: false,
      sha256: sha256(data),
      size: data.length,
      references: [PAUSE],
      architectures: ['arm64'],
    });
  });

  it('knows a gzipped archive by what is in it', async () => {
    const data = tarOf(dockerArchive({ reference: PAUSE }));
    const archive = await read(gzipSync(data), 'image.tar.gz');
    expect(archive).toMatchObject({ gzipped: true, sha256: sha256(data), size: data.length, references: [PAUSE] });
    expect((await read(gzipSync(data), 'misnamed.tar')).gzipped).toBe(true);
  });

  it('gives short Docker names as containerd will store them', async () => {
    expect((await read(tarOf(dockerArchive({ reference: 'busybox:1' })))).references).toEqual([
      'docker.io/library/busybox:1',
    ]);
  });

  it.each([
    ['containerd', NAMED],
    ['skopeo', { 'org.opencontainers.image.ref.name': PAUSE }],
    ['both, of which containerd wins', { ...NAMED, 'org.opencontainers.image.ref.name': 'other.test/x:1' }],
    ['Docker 25 and later', { ...NAMED, 'org.opencontainers.image.ref.name': '3.6' }],
  ])('reads an OCI layout named as by %s', async (_, annotations) => {
    const archive = await read(tarOf(ociArchive({ annotations })));
    expect(archive).toMatchObject({ references: [PAUSE], architectures: ['amd64'] });
  });

  it('reads entries written as ./NAME, as plain tar does', async () => {
    const entries = Object.entries(ociArchive({ annotations: NAMED })).map(([name, data]) => [`./${name}`, data]);
    expect((await read(tarOf(Object.fromEntries(entries)))).references).toEqual([PAUSE]);
  });

  it('prefers the OCI layout where an archive has both, as containerd does', async () => {
    const both = { ...dockerArchive({ reference: 'other.test/x:1' }), ...ociArchive({ annotations: NAMED }) };
    expect((await read(tarOf(both))).references).toEqual([PAUSE]);
  });

  it('takes the platforms of a multi-platform image that are there', async () => {
    const arches = ['amd64', 'arm64', 's390x'];
    const some = multiPlatformArchive({ annotations: NAMED, arches, present: ['amd64', 's390x'] });
    expect((await read(tarOf(some))).architectures).toEqual(['amd64', 's390x']);
  });

  it('is not fooled by layers that look like JSON', async () => {
    const data = tarOf(dockerArchive({ reference: PAUSE, layer: '{"architecture": "vax"}' }));
    expect((await read(data)).architectures).toEqual(['amd64']);
  });

  it('reads an archive once', async () => {
    const path = join(temporaryDirectory(), 'image.tar');
    writeFileSync(path, tarOf(dockerArchive({ reference: PAUSE })));
    const cache = await temporaryCache();
    let bytes = 0;
    const onBytes = (count: number) => {
      bytes += count;
    };
    const first = await readImageArchive({ path, cache, onBytes });
    const read = bytes;
    expect(await readImageArchive({ path, cache, onBytes })).toEqual(first);
    expect(read).toBeGreaterThan(0);
    expect(bytes).toBe(read);
  });

  it.each([
    ['an empty file', Buffer.alloc(0)],
    ['an archive without entries', tarOf({})],
    ['text', Buffer.from('not an archive, but longer than a tar block. '.repeat(20))],
    ['another tar', tarOf({ 'README.md': 'hello' })],
    ['a broken manifest', tarOf({ 'manifest.json': '[{"Config":' })],
    ['a manifest of another kind', tarOf({ 'manifest.json': '{"name":"web app"}' })],
    ['gzip that breaks off', gzipSync(tarOf(dockerArchive({ reference: PAUSE }))).subarray(0, 200)],
    ['tar that breaks off', tarOf(dockerArchive({ reference: PAUSE })).subarray(0, 700)],
  ])('refuses %s', async (_, data) => {
    const error = await rejection(read(data));
    expect(error).toMatchObject({ code: 'image-archive-unreadable', exit: 2 });
    expect(error.message).toMatch(/image\.tar is no readable image archive$/);
  });

  const docker = dockerArchive({ reference: PAUSE });
  const oci = ociArchive({ annotations: NAMED });
  const without = (entries: Record<string, string>, pattern: RegExp) =>
    Object.fromEntries(Object.entries(entries).filter(([name]) => !pattern.test(name)));
  it.each([
    ['a Docker layer', without(docker, /layer\.tar$/)],
    ['a Docker configuration', without(docker, /[0-9a-f]{64}\.json$/)],
    ['every OCI blob', without(oci, /^blobs/)],
    ['an OCI layer', without(oci, new RegExp(sha256('layer for amd64')))],
    ['all platforms', multiPlatformArchive({ annotations: NAMED, arches: ['arm64', 's390x'], present: [] })],
  ])('refuses an archive that lacks %s', async (_, entries) => {
    const error = await rejection(read(tarOf(entries)));
    expect(error).toMatchObject({ code: 'image-archive-incomplete', exit: 2 });
    expect(error.detail).toMatch(/^missing \S+/);
  });

  it.each([
    ['Docker archive', dockerArchive({ reference: null })],
    ['OCI layout', ociArchive({ annotations: {} })],
    ['OCI layout with a bare tag', ociArchive({ annotations: { 'org.opencontainers.image.ref.name': '3.6' } })],
  ])('refuses a %s that names nothing', async (_, entries) => {
    expect((await rejection(read(tarOf(entries)))).code).toBe('image-unnamed');
  });
});
