import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { goProduct } from './go-product.js';
import { etcd } from './go-software.js';
import { NEEDED_GO } from './go-toolchain.js';
import { materialize } from './product.js';

/* A Go that is played: what it says, and what it leaves. */

const SOFTWARE = etcd('3.7');

let root: string;
let programs: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'go-product-'));
  programs = join(root, 'programs');
  await mkdir(programs);
  vi.stubEnv('PATH', [programs, process.env.PATH].join(delimiter));
});
afterEach(() => rm(root, { recursive: true }));

interface Played {
  version?: string;
  /** Commands of a shell, in the directory of the module. */
  list?: string;
  /** Likewise, with the directory of what is built in `$out`. */
  build?: string;
  download?: string;
}

const COMMANDS = 'for name in server etcdctl etcdutl; do echo $name >"$out/$name"; done';

function script({
  version = `go${NEEDED_GO}`,
  list = 'echo one',
  build = COMMANDS,
  download = 'exit 9',
}: Played): string {
  return `#!/bin/bash
case "$1 $2" in
  'env GOVERSION') echo ${version} ;;
  'mod download') ${download} ;;
  'list -deps') ${list} ;;
  'build -v')
    env >'${root}/environment'
    while [ "$1" != -o ]; do shift; done
    out=$2
    ${build} ;;
esac
`;
}

async function play(played: Played): Promise<void> {
  await writeFile(join(programs, 'go'), script(played));
  await chmod(join(programs, 'go'), 0o755);
}

const make = () => materialize(goProduct(SOFTWARE), { root, progress: () => {} });
/** What is there of it, finished and not. */
const left = async () => [...(await readdir(join(root, SOFTWARE.name))), ...(await readdir(join(root, 'tmp')))];

it('is what Go builds, which leaves nothing beside it', async () => {
  await play({});
  const directory = await make();
  expect((await readdir(directory)).sort()).toEqual(['etcdctl', 'etcdutl', 'server']);
  const environment = await readFile(join(root, 'environment'), 'utf8');
  expect(environment).toContain(`GOMODCACHE=${root}/go-mod\n`);
  expect(environment).toMatch(new RegExp(`^GOTMPDIR=${root}/tmp/etcd-3.7-[^/]+/work$`, 'm'));
  expect(await readdir(join(root, 'tmp'))).toEqual([]);
});

it.each([
  ['no network', { list: 'echo "go: etcd: dial tcp: lookup proxy.test: no such host" >&2; exit 1' }, 'no such host'],
  ['GOPROXY=off', { list: 'echo "go: module lookup disabled by GOPROXY=off" >&2; exit 1' }, 'GOPROXY=off'],
  ['a damaged module', { build: 'echo "x.go:1: syntax error" >&2; exit 1' }, 'syntax error'],
])('says what it needs where there is %s, and leaves nothing that counts as built', async (_, played, words) => {
  await play(played);
  await expect(make()).rejects.toMatchObject({
    code: 'lab-build-failed',
    exit: 4,
    message: expect.stringMatching(/^etcd-3\.7 \S+ cannot be built from its Go module$/),
    detail: expect.stringContaining(words),
    hint: expect.stringMatching(/GOPROXY.*cache prune/),
  });
  expect(await left()).toEqual([]);
});

it('says that the disk is full where the compiler does', async () => {
  await play({ build: 'echo "write a.o: no space left on device" >&2; exit 1' });
  await expect(make()).rejects.toMatchObject({ code: 'lab-disk-full', hint: expect.stringContaining('cache prune') });
  expect(await left()).toEqual([]);
});

it.each([
  ['taken away', 'rm "$out/etcdutl"'],
  ['emptied', ': >"$out/etcdutl"'],
])('does not count as built what was %s meanwhile', async (_, damage) => {
  await play({ build: `${COMMANDS}; ${damage}` });
  await expect(make()).rejects.toMatchObject({
    code: 'lab-cache-changed',
    message: expect.stringContaining('etcdutl was built'),
  });
  expect(await left()).toEqual([]);
});

it('builds with a newer Go that an old one downloads', async () => {
  const toolchain = `golang.org/toolchain@v0.0.1-go${NEEDED_GO}.linux-amd64`;
  const newer = join(root, 'newer');
  await writeFile(newer, script({ build: `${COMMANDS}; touch ${root}/by-newer` }));
  const download = `at=$GOMODCACHE/${toolchain}; mkdir -p $at/bin $at/pkg/tool/linux_amd64; cp ${newer} $at/bin/go`;
  await play({ version: 'go1.19.8', download, build: 'exit 1' });
  await make();
  expect(await readdir(root)).toContain('by-newer');
});

it('says that Go is too old where no newer one can be had', async () => {
  await play({ version: 'go1.19.8', download: 'echo "go: dial tcp: no such host" >&2; exit 1' });
  await expect(make()).rejects.toMatchObject({
    code: 'lab-go-outdated',
    exit: 4,
    message: expect.stringContaining('go1.19.8'),
    detail: expect.stringContaining('no such host'),
    hint: expect.stringContaining(`install Go ${NEEDED_GO} or newer`),
  });
  expect(await left()).toEqual([]);
  expect(await readdir(join(root, 'go'))).toEqual([]);
});
