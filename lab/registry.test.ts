import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeImageArchive } from './build/image-archive.js';
import { mirrorConfig, openRegistry, type Registry } from './registry.js';

let directory: string;
let registry: Registry;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'registry-test-'));
  const archives = ['one', 'two'].map((name) => ({ name, file: join(directory, `${name}.tar`) }));
  for (const { name, file } of archives) {
    const root = join(directory, name);
    await mkdir(root);
    await writeFile(join(root, 'content'), `content of ${name}`);
    const image = { references: [`registry.example.test/images/${name}:1`], layers: [root], entrypoint: ['/content'] };
    await writeImageArchive({ file, images: [image] });
  }
  registry = await openRegistry({ archives: archives.map(({ file }) => file), host: '127.0.0.1' });
});
afterAll(async () => {
  await registry.close();
  await rm(directory, { recursive: true, force: true });
});

const ask = (path: string, method = 'GET') => fetch(`${registry.url}/v2/${path}`, { method });

it('serves an image by its tag, by its digest, and all that it is made of', async () => {
  expect((await ask('')).status).toBe(200);
  for (const name of ['one', 'two']) {
    // As containerd asks a mirror.
    const head = await ask(`images/${name}/manifests/1?ns=registry.example.test`, 'HEAD');
    const digest = head.headers.get('docker-content-digest') ?? '';
    expect(head.headers.get('content-type')).toBe('application/vnd.oci.image.manifest.v1+json');
    const byDigest = await ask(`images/${name}/manifests/${digest}`);
    expect(byDigest.headers.get('content-type')).toBe('application/vnd.oci.image.manifest.v1+json');
    const { config, layers } = (await byDigest.json()) as Record<'config', { digest: string }> & {
      layers: { digest: string }[];
    };
    for (const blob of [config, ...layers]) {
      const content = Buffer.from(await (await ask(`images/${name}/blobs/${blob.digest}`)).arrayBuffer());
      expect(`sha256:${createHash('sha256').update(content).digest('hex')}`).toBe(blob.digest);
    }
  }
});

it.each([
  'images/one/manifests/2',
  'images/three/manifests/1',
  'one/manifests/1',
  `images/one/blobs/sha256:${'0'.repeat(64)}`,
  'images/one/blobs/..%2findex.json',
  'images/one/blobs/index.json',
  'images/one/manifests/',
  '_catalog',
])('has no %s', async (path) => {
  expect((await ask(path)).status).toBe(404);
});

it('is gone once closed', async () => {
  const other = await openRegistry({ archives: [], host: '127.0.0.1' });
  await other.close();
  await expect(fetch(`${other.url}/v2/`)).rejects.toThrow();
});

it('refuses what is no archive', async () => {
  const broken = join(directory, 'broken.tar');
  await writeFile(broken, '');
  await expect(openRegistry({ archives: [broken], host: '127.0.0.1' })).rejects.toThrow('archive');
});

it('is a mirror for containerd', () => {
  expect(mirrorConfig('http://10.0.0.1:5000')).toBe(
    '[host."http://10.0.0.1:5000"]\ncapabilities = ["pull", "resolve"]\n',
  );
});
