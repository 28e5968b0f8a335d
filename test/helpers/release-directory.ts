import { createHash, randomBytes } from 'node:crypto';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { create } from 'tar';

export const VERSIONS = { kubernetes: '1.37.2', etcd: '3.7.3', cni: '1.10.0' };

const CONTROL_PLANE = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];
export const BINARIES = [...CONTROL_PLANE, 'kubelet', 'kube-proxy'];
export const PLUGINS = ['bridge', 'host-local', 'loopback', 'portmap'];

export function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

const ELF_MACHINES = { amd64: 62, arm64: 183 };

/** Something that says it is a Linux binary of that architecture; the text makes it unlike others. */
export function fakeBinary(text: string, arch: 'amd64' | 'arm64' = 'amd64', size = 300_000): Buffer {
  const binary = Buffer.alloc(size, `${text}\n`);
  Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0]).copy(binary);
  binary.writeUInt16LE(2, 16);
  binary.writeUInt16LE(ELF_MACHINES[arch], 18);
  return binary;
}

export function writeWithChecksum(path: string, data: Buffer): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, data);
  writeFileSync(`${path}.sha256`, `${sha256(data)}  ${basename(path)}\n`);
}

/** A .tar.gz with entries `./NAME`, as GNU tar names what it finds in a folder. */
export function tarGz(files: Record<string, Buffer>): Buffer {
  const scratch = mkdtempSync(join(tmpdir(), 'artifacts-tar-'));
  const [folder, file] = [join(scratch, 'content'), join(scratch, 'archive.tgz')];
  try {
    for (const [name, data] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), data);
    }
    create({ cwd: folder, file, sync: true, gzip: true }, ['.']);
    return readFileSync(file);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

export interface ReleaseOptions {
  arch?: 'amd64' | 'arm64';
  kubernetes?: string;
  /** So many bytes that no compression makes smaller are in each of Kubernetes' binaries. Default 0: they are small. */
  incompressible?: number;
  /** Whether the archive of etcd has etcdutl in it, as the releases do. Default: true. */
  withEtcdutl?: boolean;
}

/** Fills a directory in the layout of upstream's release servers; once for each architecture. */
export function writeReleases(root: string, options: ReleaseOptions = {}): void {
  const { arch = 'amd64', kubernetes = VERSIONS.kubernetes, incompressible = 0, withEtcdutl = true } = options;
  for (const name of [...BINARIES, 'kubectl']) {
    const binary = Buffer.concat([fakeBinary(`${name} ${kubernetes}`, arch), randomBytes(incompressible)]);
    const path = join(root, `kubernetes/v${kubernetes}/bin/linux/${arch}/${name}`);
    writeWithChecksum(path, binary);
    writeFileSync(`${path}.sha256`, sha256(binary));
  }
  const etcd = `etcd-v${VERSIONS.etcd}-linux-${arch}`;
  const etcdArchive = tarGz({
    [`${etcd}/etcd`]: fakeBinary('etcd', arch),
    [`${etcd}/etcdctl`]: fakeBinary('etcdctl', arch),
    ...(withEtcdutl && { [`${etcd}/etcdutl`]: fakeBinary('etcdutl', arch) }),
    [`${etcd}/README.md`]: Buffer.from('read me'),
  });
  const etcdFolder = join(root, `etcd/v${VERSIONS.etcd}`);
  mkdirSync(etcdFolder, { recursive: true });
  writeFileSync(join(etcdFolder, `${etcd}.tar.gz`), etcdArchive);
  // One list for all architectures.
  appendFileSync(
    join(etcdFolder, 'SHA256SUMS'),
    `${sha256('other')}  other.zip\n${sha256(etcdArchive)}  ${etcd}.tar.gz\n`,
  );
  const plugins = Object.fromEntries([...PLUGINS, 'bandwidth'].map((name) => [name, fakeBinary(name, arch)]));
  writeWithChecksum(join(root, `cni/v${VERSIONS.cni}/cni-plugins-linux-${arch}-v${VERSIONS.cni}.tgz`), tarGz(plugins));
}
