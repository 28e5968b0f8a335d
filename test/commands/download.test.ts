import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { readInputs } from '../../src/app/inputs.js';
import type { DownloadFlags } from '../../src/commands/download-options.js';
import { readDownloadWishes } from '../../src/commands/download-wishes.js';
import { NEWEST, VERSION_TABLE } from '../../src/config/version-table.js';
import { writeNodeRecords } from '../../src/state/record-files.js';
import { directoryListing, type Reply, serve, stallAfter } from '../artifacts/http-fixtures.js';
import { BINARIES, fakeBinary, VERSIONS, writeReleases } from '../helpers/release-directory.js';
import { sampleSpec } from '../helpers/sample-facts.js';
import { createOperator, type Operator } from './cli.js';
import { recordSample } from './recorded-state.js';

const CONFIG = `kubernetes: ${VERSIONS.kubernetes}
etcd: { version: ${VERSIONS.etcd} }
network: { cniVersion: ${VERSIONS.cni} }
`;

/** What the mirror has. */
let origin: string;
let operator: Operator;
let to: string;
let mirror: string;
let asked: string[];
/** How the mirror answers instead of serving the file. */
let insteadOf: (url: string | undefined) => Reply | false;

/** `download` of the fixture's versions from a mirror that has them. */
let argsOf: (...args: string[]) => string[];
let download: (...args: string[]) => ReturnType<Operator['run']>;

// Several programs that start, hash and sync, on a machine that may be busy with others.
vi.setConfig({ testTimeout: 120_000 });

beforeAll(() => {
  origin = mkdtempSync(join(tmpdir(), 'k8s-diskless-download-'));
  writeReleases(origin);
});
afterAll(() => rmSync(origin, { recursive: true }));
beforeEach(async () => {
  operator = createOperator();
  to = join(operator.home, 'releases');
  insteadOf = () => false;
  const whole = directoryListing(origin);
  const server = await serve((request, response) => {
    (insteadOf(request.url) || whole)(request, response);
  });
  asked = server.requests;
  mirror = server.url;
  const config = join(operator.home, 'cluster.yaml');
  writeFileSync(config, CONFIG);
  argsOf = (...args) => ['download', '--config', config, '--mirror', mirror, ...args];
  download = (...args) => operator.run(argsOf(...args));
});

const kubeletIn = (directory: string): string =>
  join(directory, `kubernetes/v${VERSIONS.kubernetes}/bin/linux/amd64/kubelet`);

describe('download', () => {
  it('fills a directory that up --artifacts takes everything from', async () => {
    const { exit, stdout, stderr } = await download('--to', to);
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: expect.stringContaining('download kubelet\n') });
    expect(stdout).toContain(`Kubernetes ${VERSIONS.kubernetes}, etcd ${VERSIONS.etcd}`);
    expect(stdout).toContain(`k8s-diskless up --kubernetes ${VERSIONS.kubernetes} --artifacts ${to}\n`);
    expect(stdout).toContain('left out: iperf3 for linux/amd64');
    vi.stubEnv('XDG_CACHE_HOME', join(operator.home, 'another-cache'));
    const flags = { output: 'plain' as const, verbose: false, verify: false, newCluster: false };
    const offline = { ...flags, hosts: 's4', artifacts: to, stateDir: join(operator.home, 'new') };
    const { spec, content } = await readInputs(offline, new AbortController().signal, () => {});
    expect(spec).toMatchObject(VERSIONS);
    expect([...(await content.artifacts('amd64')).keys()]).toEqual(expect.arrayContaining(['etcd', ...BINARIES]));
    vi.unstubAllEnvs();
  });

  it('fills the cache, and says where', async () => {
    const { exit, stdout } = await download();
    const cache = join(operator.home, 'cache/k8s-diskless');
    expect({ exit, stdout }).toEqual({ exit: 0, stdout: expect.stringContaining(`are in the cache ${cache}\n`) });
  });

  it('tells programs in JSON', async () => {
    const { stdout, stderr } = await download('--to', to, '-o', 'json');
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toMatchObject({
      v: 1,
      versions: VERSIONS,
      archs: ['amd64'],
      directory: to,
      files: expect.arrayContaining([expect.objectContaining({ path: kubeletIn(to) })]),
      leftOut: [{ neededFor: expect.stringContaining('bench') }],
      images: [expect.stringContaining('pause'), expect.stringContaining('coredns')],
    });
  });

  it('refuses a directory with other things in it before it asks anybody', async () => {
    mkdirSync(join(to, 'photos'), { recursive: true });
    const { exit, stderr } = await download('--to', to);
    expect({ exit, stderr }).toEqual({ exit: 2, stderr: expect.stringContaining(`the directory ${to} holds other`) });
    expect(asked).toEqual([]);
    expect(readdirSync(to)).toEqual(['photos']);
  });

  it.each([
    [['--kubernetes', '1.99.0'], 'is not in the version table'],
    [['--arch', 'riscv64'], 'It is one of amd64, arm64'],
    [['--mirror', 'mirror.example'], '--mirror is no http or https URL'],
  ])('refuses %s', async (args, message) => {
    const { exit, stderr } = await operator.run(['download', ...args]);
    expect({ exit, stderr }).toEqual({ exit: 2, stderr: expect.stringContaining(message) });
  });

  it('stops at Ctrl-C, and continues there the next time', async () => {
    const path = `/kubernetes/v${VERSIONS.kubernetes}/bin/linux/amd64/kubelet`;
    const stall = stallAfter(fakeBinary('kubelet'), 100_000);
    insteadOf = (url) => url === path && stall;
    const { child, finished } = operator.start(argsOf('--to', to));
    const parts = join(operator.home, 'cache/k8s-diskless/parts');
    const sizes = (): number[] => readdirSync(parts).map((name) => statSync(join(parts, name)).size);
    await expect.poll(() => existsSync(parts) && sizes().includes(100_000)).toBe(true);
    child.kill('SIGINT');
    expect(await finished).toMatchObject({ exit: 130, stderr: expect.stringContaining('run the same command again') });
    expect(existsSync(kubeletIn(to))).toBe(false);
    insteadOf = () => false;
    expect((await download('--to', to)).exit).toBe(0);
    expect(asked).toContain(`GET ${path} bytes=100000-`);
  });
});

describe('what there is to download', () => {
  const wishes = (more: Partial<DownloadFlags> = {}) =>
    readDownloadWishes({ output: 'plain', verbose: false, stateDir: operator.stateDir, ...more });

  it('is the newest Kubernetes for amd64 where nothing is known', async () => {
    const { kubernetes, etcd, cni } = NEWEST;
    expect(await wishes()).toMatchObject({ versions: { kubernetes, etcd, cni }, archs: ['amd64'], mirror: undefined });
  });

  it('is for the machines of the config file, from its mirror, without the images it does without', async () => {
    const config = join(operator.home, 'arm.yaml');
    writeFileSync(
      config,
      'boot: { arch: arm64 }\nartifacts: https://mirror.lan/\naddons: { dns: { enabled: false } }\n',
    );
    const { archs, mirror: from, images } = await wishes({ config });
    expect({ archs, from, images }).toEqual({
      archs: ['arm64'],
      from: 'https://mirror.lan/',
      images: [expect.stringContaining('pause')],
    });
  });

  it('is no etcd that up refuses', async () => {
    const config = join(operator.home, 'old-etcd.yaml');
    writeFileSync(config, 'etcd: { version: 3.5.1 }\n');
    const refused = { code: 'etcd-version-unsupported', exit: 2, message: expect.stringContaining('etcd 3.5.1') };
    await expect(wishes({ config })).rejects.toMatchObject(refused);
  });

  it('is for recorded nodes, or for those that are named', async () => {
    const state = await recordSample(operator.stateDir);
    const [{ name } = { name: '' }] = sampleSpec().nodes;
    const hostKey = { type: 'ssh-ed25519', fingerprint: 'SHA256:s4' };
    await writeNodeRecords(state, [{ name, bootId: 'boot', hostKey, nodeIp: '10.0.0.4', arch: 'aarch64' }]);
    expect((await wishes()).archs).toEqual(['arm64']);
    expect((await wishes({ arch: ['amd64', 'arm64'] })).archs).toEqual(['amd64', 'arm64']);
  });

  it('is of the recorded versions, or with another Kubernetes of those that belong to it', async () => {
    await recordSample(operator.stateDir);
    const { kubernetes, etcd, cni } = sampleSpec();
    const recorded = { kubernetes, etcd, cni };
    expect((await wishes()).versions).toEqual(recorded);
    expect((await wishes({ kubernetes: `v${kubernetes}` })).versions).toEqual(recorded);
    const [oldest = NEWEST] = VERSION_TABLE;
    const others = { kubernetes: oldest.kubernetes, etcd: oldest.etcd, cni: oldest.cni };
    expect((await wishes({ kubernetes: oldest.kubernetes })).versions).toEqual(others);
  });
});
