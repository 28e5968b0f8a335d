import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { directorySource } from '../../src/artifacts/directory-source.js';
import { localContent } from '../../src/artifacts/local-content.js';
import { sha256, VERSIONS } from '../helpers/release-directory.js';
import { artifactsDirectory, temporaryCache, temporaryDirectory } from './fixtures.js';
import { dockerArchive, tarOf } from './image-fixtures.js';

it('artifacts and images are sent so that a node unpacks them by their hashes', async () => {
  const images = temporaryDirectory();
  writeFileSync(join(images, 'pause.tar'), tarOf(dockerArchive({ reference: 'registry.k8s.io/pause:3.6' })));
  const cache = await temporaryCache();
  const source = directorySource({ directory: artifactsDirectory(), cache });
  const common = { cache, env: process.env, progress: () => undefined };
  const content = await localContent({ ...common, versions: VERSIONS, source, images });
  const wanted = [...(await content.artifacts('amd64')).values(), ...(await content.images('amd64'))];
  const parts: Buffer[] = [];
  for (const { sha256: digest } of wanted) {
    const member = await content.member(digest, 'zstd');
    const bytes = await buffer(Readable.from(member.read()));
    expect(bytes.length).toBe(member.bytes);
    parts.push(bytes);
  }
  parts.push(await content.pack([{ entry: 'f0', mode: 0o600, content: Buffer.from('rendered') }], 'zstd'));
  const folder = temporaryDirectory();
  const input = Buffer.concat([...parts, content.endOfArchive('zstd')]);
  execFileSync('bash', ['-o', 'pipefail', '-c', 'zstd -dcq | tar -x -C "$0"', folder], { input });
  expect(readdirSync(folder).sort()).toEqual([...wanted.map((file) => file.sha256), 'f0'].sort());
  for (const file of wanted) expect(sha256(readFileSync(join(folder, file.sha256)))).toBe(file.sha256);
});
