import {
  accessSync,
  appendFileSync,
  chmodSync,
  constants,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { directorySource } from '../../src/artifacts/directory-source.js';
import { httpSource } from '../../src/artifacts/http-source.js';
import { findKubectl } from '../../src/artifacts/kubectl.js';
import { freePort } from '../helpers/free-port.js';
import { VERSIONS } from '../helpers/release-directory.js';
import { artifactsDirectory, progressLog, rejection, temporaryCache, temporaryDirectory } from './fixtures.js';
import { testSettings } from './http-fixtures.js';

const PLATFORM = { os: 'linux', arch: 'x64' };

async function scene() {
  const directory = artifactsDirectory();
  const cache = await temporaryCache();
  const path = join(directory, 'kubernetes/v1.37.2/bin/linux/amd64/kubectl');
  const find = (options: { env?: NodeJS.ProcessEnv; platform?: typeof PLATFORM } = {}) => {
    const { env = { PATH: '/nonexistent' }, platform = PLATFORM } = options;
    const source = directorySource({ directory, cache });
    return findKubectl({ version: VERSIONS.kubernetes, source, cache, env, platform, ...progressLog() });
  };
  return { cache, path, find };
}

function folderWithKubectl(mode: number): string {
  const folder = temporaryDirectory();
  writeFileSync(join(folder, 'kubectl'), '#!/bin/sh\n', { mode });
  return folder;
}

describe('findKubectl', () => {
  it('prefers the version of the cluster, and needs its source only once', async () => {
    const { find, cache, path } = await scene();
    const env = { PATH: `/nonexistent::${folderWithKubectl(0o755)}` };
    const found = await find({ env });
    expect(found.program).toContain(cache.root);
    rmSync(path);
    expect(await find({ env })).toEqual({ program: found.program });
  });

  it('takes what PATH has where that cannot be had, if it can be executed, and says why', async () => {
    const { find, path } = await scene();
    rmSync(path);
    const folder = folderWithKubectl(0o755);
    expect(await find({ env: { PATH: `/nonexistent::${folder}` } })).toMatchObject({
      program: join(folder, 'kubectl'),
      insteadOf: { code: 'artifact-missing' },
    });
    const refused = await rejection(find({ env: { PATH: folderWithKubectl(0o644) } }));
    expect(refused.code).toBe('artifact-missing');
  });

  it('takes what PATH has where the source cannot be reached', async () => {
    const folder = folderWithKubectl(0o755);
    const settings = testSettings({ attempts: 1 });
    const mirror = `http://127.0.0.1:${await freePort()}/`;
    const cache = await temporaryCache();
    const source = httpSource({ cache, settings, mirror });
    const options = { version: VERSIONS.kubernetes, source, cache, env: { PATH: folder }, platform: PLATFORM };
    const { program, insteadOf } = await findKubectl({ ...options, ...progressLog() });
    expect([program, insteadOf?.code]).toEqual([join(folder, 'kubectl'), 'download-failed']);
  });

  it('takes nothing else in place of a damaged one', async () => {
    const { find, path } = await scene();
    appendFileSync(path, 'x');
    const refused = await rejection(find({ env: { PATH: folderWithKubectl(0o755) } }));
    expect(refused.code).toBe('artifact-corrupt');
  });

  it('makes an executable copy and leaves the directory as it is', async () => {
    const { find, path } = await scene();
    chmodSync(path, 0o444);
    const { program: found } = await find();
    accessSync(found, constants.X_OK);
    expect(readFileSync(found).equals(readFileSync(path))).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o444);
    const { ino } = statSync(found);
    expect(statSync((await find()).program).ino).toBe(ino);
  });

  it('says which platform it looked for', async () => {
    const { find } = await scene();
    const error = await rejection(find({ platform: { os: 'darwin', arch: 'arm64' } }));
    expect(error.message).toContain('kubectl of Kubernetes 1.37.2 for darwin/arm64 is not in');
  });
});
