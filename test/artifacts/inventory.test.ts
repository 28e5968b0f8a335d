import { cpSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { newestComplete, offeredArchitectures } from '../../src/artifacts/inventory.js';
import { VERSIONS, writeReleases } from '../helpers/release-directory.js';
import { artifactsDirectory, rejection, temporaryDirectory } from './fixtures.js';

const any = () => true;

/** A directory with further Kubernetes versions beside the first. */
function directoryWith(...versions: string[]): string {
  const directory = artifactsDirectory();
  for (const version of versions) {
    cpSync(join(directory, `kubernetes/v${VERSIONS.kubernetes}`), join(directory, `kubernetes/v${version}`), {
      recursive: true,
    });
  }
  return directory;
}

describe('newestComplete', () => {
  it('takes the newest version by number, with the etcd and CNI plugins that are there', async () => {
    const directory = directoryWith('1.9.11', '1.37.15', '1.37.3');
    expect(await newestComplete({ directory, supports: any })).toEqual({ ...VERSIONS, kubernetes: '1.37.15' });
  });

  it('passes over versions that are not complete, not supported or not final', async () => {
    const directory = directoryWith('1.38.0', '1.39.0', '1.40.0', '1.41.0-rc.0');
    rmSync(join(directory, 'kubernetes/v1.40.0/bin/linux/amd64/kube-scheduler'));
    rmSync(join(directory, 'kubernetes/v1.38.0/bin/linux/amd64/kubelet.sha256'));
    const supports = (version: string) => version !== '1.39.0';
    expect((await newestComplete({ directory, supports })).kubernetes).toBe('1.37.2');
  });

  it('takes the newest etcd, and passes over one without an archive', async () => {
    const directory = artifactsDirectory();
    mkdirSync(join(directory, 'etcd/v3.7.9'));
    const folder = join(directory, 'etcd/v3.7.4');
    mkdirSync(folder);
    writeFileSync(join(folder, 'etcd-v3.7.4-linux-amd64.tar.gz'), 'archive');
    writeFileSync(join(folder, 'SHA256SUMS'), `${'0'.repeat(64)}  etcd-v3.7.4-linux-amd64.tar.gz\n`);
    expect((await newestComplete({ directory, supports: any })).etcd).toBe('3.7.4');
  });

  it('passes over an etcd that memory is not safe with, and names it where no other is there', async () => {
    const directory = artifactsDirectory();
    const rename = (from: string, to: string): void => {
      renameSync(join(directory, `etcd/v${from}`), join(directory, `etcd/v${to}`));
      renameSync(
        join(directory, `etcd/v${to}/etcd-v${from}-linux-amd64.tar.gz`),
        join(directory, `etcd/v${to}/etcd-v${to}-linux-amd64.tar.gz`),
      );
      writeFileSync(join(directory, `etcd/v${to}/SHA256SUMS`), `${'0'.repeat(64)}  etcd-v${to}-linux-amd64.tar.gz\n`);
    };
    rename('3.7.3', '3.6.10');
    const error = await rejection(newestComplete({ directory, supports: any }));
    expect(error).toMatchObject({ code: 'artifacts-incomplete', exit: 2 });
    expect(error.detail).toContain(`not used: ${join(directory, 'etcd/v3.6.10')}: etcd 3.6.10 is older than 3.6.11`);
    rename('3.6.10', '3.6.11');
    expect((await newestComplete({ directory, supports: any })).etcd).toBe('3.6.11');
  });

  it('is content with one architecture', async () => {
    const directory = artifactsDirectory({ arch: 'arm64' });
    expect(await newestComplete({ directory, supports: any })).toEqual(VERSIONS);
  });

  it('finds versions in a copy of the upstream server', async () => {
    const directory = artifactsDirectory();
    renameSync(join(directory, 'kubernetes/v1.37.2'), join(directory, 'v1.37.2'));
    expect((await newestComplete({ directory, supports: any })).kubernetes).toBe('1.37.2');
  });

  it('says what the best candidate lacks', async () => {
    const directory = artifactsDirectory();
    rmSync(join(directory, 'etcd'), { recursive: true });
    rmSync(join(directory, 'kubernetes/v1.37.2/bin/linux/amd64/kube-proxy.sha256'));
    const error = await rejection(newestComplete({ directory, supports: any }));
    expect(error).toMatchObject({ code: 'artifacts-incomplete', exit: 2 });
    expect(error.detail).toBe(
      [
        'missing etcd/vX.Y.Z/etcd-vX.Y.Z-linux-amd64.tar.gz',
        'missing the checksum of kubernetes/v1.37.2/bin/linux/amd64/kube-proxy',
      ].join('\n'),
    );
  });

  it('says which versions it has where none is supported', async () => {
    const directory = directoryWith('1.19.16', '1.99.0');
    const error = await rejection(newestComplete({ directory, supports: () => false }));
    expect(error).toMatchObject({ code: 'artifacts-unsupported', exit: 2 });
    expect(error.message).toMatch(/no version of Kubernetes that is supported, which are 1\.\d+ to 1\.\d+$/);
    expect(error.message).toContain(directory);
    expect(error.detail).toBe(`it has 1.99.0, ${VERSIONS.kubernetes}, 1.19.16`);
    expect(error.hint).toContain(`--to ${directory}`);
  });

  it('says what it has of which version where they are mixed', async () => {
    const directory = directoryWith('1.99.2');
    for (const name of ['kubelet', 'kube-proxy']) rmSync(join(directory, `kubernetes/v1.99.2/bin/linux/amd64/${name}`));
    const older = join(directory, `kubernetes/v${VERSIONS.kubernetes}/bin/linux/amd64`);
    for (const name of ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler']) rmSync(join(older, name));
    const error = await rejection(newestComplete({ directory, supports: any }));
    expect(error).toMatchObject({ code: 'artifacts-mixed', exit: 2 });
    expect(error.message).toContain(directory);
    expect(error.detail).toBe(
      [
        'of 1.99.2: kube-apiserver, kube-controller-manager, kube-scheduler',
        `of ${VERSIONS.kubernetes}: kubelet, kube-proxy`,
      ].join('\n'),
    );
    expect(error.hint).toContain(`download --kubernetes 1.99.2 --to ${directory}`);
  });

  it.each([
    ['is empty', () => temporaryDirectory()],
    ['does not exist', () => join(temporaryDirectory(), 'nowhere')],
  ])('says so when the directory %s', async (_, make) => {
    const directory = make();
    const error = await rejection(newestComplete({ directory, supports: any }));
    expect(error.code).toBe('artifacts-incomplete');
    expect(error.detail).toContain(`no supported version in ${join(directory, 'kubernetes')}`);
  });
});

describe('offeredArchitectures', () => {
  it('are those that are whole', async () => {
    const directory = artifactsDirectory();
    writeReleases(directory, { arch: 'arm64' });
    expect(await offeredArchitectures(directory, VERSIONS)).toEqual(['amd64', 'arm64']);
    rmSync(join(directory, `kubernetes/v${VERSIONS.kubernetes}/bin/linux/amd64/kubelet`));
    expect(await offeredArchitectures(directory, VERSIONS)).toEqual(['arm64']);
  });

  it('are the one of which least is missing where none is whole', async () => {
    const directory = artifactsDirectory({ arch: 'arm64' });
    expect(await offeredArchitectures(directory, { ...VERSIONS, etcd: '3.99.0' })).toEqual(['arm64']);
  });
});
