import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { extract, list } from 'tar';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeImageArchive } from './image-archive.js';

const NAMES = ['registry.example.test/a/b:2', 'registry.example.test/a/b:latest'];

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'archive-'));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

async function archive(name: string): Promise<{ file: string; unpacked: string }> {
  const root = join(directory, `${name}-root`);
  await mkdir(join(root, 'bin'), { recursive: true });
  await writeFile(join(root, 'bin/program'), 'program');
  await chmod(join(root, 'bin/program'), 0o755);
  await symlink('program', join(root, 'bin/alias'));
  await utimes(join(root, 'bin/program'), Math.random() * 1e9, Math.random() * 1e9);
  const file = join(directory, `${name}.tar`);
  await writeImageArchive({ file, images: [{ references: NAMES, layers: [root], entrypoint: ['/bin/program'] }] });
  const unpacked = join(directory, name);
  await mkdir(unpacked);
  await extract({ file, cwd: unpacked });
  return { file, unpacked };
}

async function json(path: string) {
  return JSON.parse(await readFile(path, 'utf8'));
}

describe('writeImageArchive', () => {
  it('links index, manifest, config and layer by digests that are true', async () => {
    const { unpacked } = await archive('image');
    const blob = (digest: string) => join(unpacked, 'blobs', digest.replace(':', '/'));
    const { manifests } = await json(join(unpacked, 'index.json'));
    const names = manifests.map((each: { annotations: object }) => Object.values(each.annotations)[0]);
    expect(names).toEqual(NAMES);
    const [descriptor, second] = manifests;
    expect(second.digest).toBe(descriptor.digest);
    const manifest = await json(blob(descriptor.digest));
    const config = await json(blob(manifest.config.digest));
    expect(config.config.Entrypoint).toEqual(['/bin/program']);
    expect(config.rootfs.diff_ids).toEqual([manifest.layers[0].digest]);
    for (const { digest, size } of [descriptor, manifest.config, manifest.layers[0]]) {
      const content = await readFile(blob(digest));
      expect(content.length).toBe(size);
      expect(`sha256:${createHash('sha256').update(content).digest('hex')}`).toBe(digest);
    }
    const [docker] = await json(join(unpacked, 'manifest.json'));
    expect(docker.RepoTags).toEqual(NAMES);
    expect(docker.Layers).toEqual([`blobs/${manifest.layers[0].digest.replace(':', '/')}`]);
  });

  it('puts the files into the layer with their modes, root as owner and no time', async () => {
    const { unpacked } = await archive('image');
    const [docker] = await json(join(unpacked, 'manifest.json'));
    const entries: unknown[] = [];
    await list({
      file: join(unpacked, docker.Layers[0]),
      onReadEntry: ({ path, type, mode, linkpath, uid, mtime }) =>
        entries.push({ path, type, mode, linkpath, uid, mtime: mtime?.getTime() }),
    });
    expect(entries).toEqual([
      expect.objectContaining({ path: 'bin/alias', type: 'SymbolicLink', linkpath: 'program', mtime: 0 }),
      expect.objectContaining({ path: 'bin/program', type: 'File', mode: 0o755, uid: undefined, mtime: 0 }),
    ]);
  });

  it('has a layer that several images have once, and a tar as it is', async () => {
    const base = join(directory, 'base.tar');
    await writeFile(base, 'the bytes of a tar');
    const above = join(directory, 'above');
    await mkdir(above);
    await writeFile(join(above, 'file'), '');
    const file = join(directory, 'several.tar');
    const one = { references: ['r.example.test/one:1'], layers: [base], entrypoint: [], user: '1234' };
    const other = {
      references: ['r.example.test/other:1'],
      layers: [base, above],
      entrypoint: ['/file'],
      command: ['pause'],
    };
    await writeImageArchive({ file, images: [one, other] });
    const unpacked = join(directory, 'several');
    await mkdir(unpacked);
    await extract({ file, cwd: unpacked });
    const images: { Config: string; RepoTags: string[]; Layers: string[] }[] = await json(
      join(unpacked, 'manifest.json'),
    );
    expect(images.map(({ RepoTags }) => RepoTags)).toEqual([one.references, other.references]);
    const [[shared = ''] = [], layers = []] = images.map(({ Layers }) => Layers);
    expect(layers).toEqual([shared, expect.any(String)]);
    expect(await readFile(join(unpacked, shared), 'utf8')).toBe('the bytes of a tar');
    const configs = await Promise.all(images.map(({ Config }) => json(join(unpacked, Config))));
    expect(configs.map(({ config }) => [config.User, config.Entrypoint, config.Cmd])).toEqual([
      ['1234', [], undefined],
      [undefined, ['/file'], ['pause']],
    ]);
    expect(configs[1].rootfs.diff_ids.map((id: string) => `blobs/${id.replace(':', '/')}`)).toEqual(layers);
    const { manifests } = await json(join(unpacked, 'index.json'));
    expect(manifests).toHaveLength(2);
    // Three layers are two, and two configurations and manifests.
    expect((await readdir(join(unpacked, 'blobs/sha256'))).length).toBe(6);
  });

  it('gives the same bytes for the same files', async () => {
    const [first, second] = [await archive('first'), await archive('second')];
    expect((await readFile(first.file)).equals(await readFile(second.file))).toBe(true);
  });
});
