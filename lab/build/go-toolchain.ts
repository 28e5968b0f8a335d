import { chmod, readdir, rename } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { newestFirst } from '../../src/config/release-version.js';
import { DisklessError } from '../../src/errors.js';
import { hasCode } from '../../src/kube/api-errors.js';
import type { BuildContext, Product } from './product.js';
import { runCommand } from './run-command.js';

/** The highest `go` line of lab/modules; an older compiler refuses that module. */
export const NEEDED_GO = '1.26.8';
type GoContext = Pick<BuildContext, 'root' | 'compiled' | 'work' | 'signal' | 'use'>;

const TOOLCHAIN = `golang.org/toolchain@v0.0.1-go${NEEDED_GO}.linux-amd64`;

/** Environment in which `go` is a compiler that is new enough and keeps its caches in the lab's. */
export async function goEnvironment(context: GoContext): Promise<Record<string, string>> {
  const { root, compiled, work, signal } = context;
  const installed = await installedGo(signal);
  const path = isEnough(installed) ? [] : [join(await newerGo(installed, context), 'bin')];
  return {
    PATH: [...path, process.env.PATH].join(delimiter),
    GOCACHE: compiled,
    GOMODCACHE: join(root, 'go-mod'),
    // What a compiler that is killed leaves goes with the work.
    GOTMPDIR: work,
    // A go.mod of ours names what it requires and nothing below that; the caches must be easy to remove.
    GOFLAGS: '-mod=mod -modcacherw -buildvcs=false',
    GOTOOLCHAIN: 'local',
    GOWORK: 'off',
    CGO_ENABLED: '0',
  };
}

async function newerGo(installed: string, { signal, use }: GoContext): Promise<string> {
  try {
    return await use(fetchedToolchain);
  } catch (cause) {
    signal?.throwIfAborted();
    if (!hasCode(cause, 'lab-command-failed')) throw cause;
    throw new DisklessError({
      code: 'lab-go-outdated',
      message: `the Go of this machine is ${installed}, and Go ${NEEDED_GO}, with which the lab builds, cannot be downloaded`,
      detail: cause.detail ?? cause.message,
      hint: `install Go ${NEEDED_GO} or newer, or let \`go\` reach the module proxy (\`go env GOPROXY\`)`,
      cause,
    });
  }
}

/** The compiler as a module, which is how Go itself gets a newer one; an old `go` such as Debian's can download it. */
const fetchedToolchain: Product = {
  name: 'go',
  inputs: async () => [TOOLCHAIN],
  build: async ({ output, work, progress, signal }) => {
    progress(`downloading Go ${NEEDED_GO}`);
    const env = { GOFLAGS: '-modcacherw', GOMODCACHE: work, GO111MODULE: 'on' };
    // With -json the reason of a failure would be on stdout.
    await runCommand({ command: 'go', args: ['mod', 'download', TOOLCHAIN], env, cwd: work, signal });
    const directory = join(work, TOOLCHAIN);
    for (const entry of await readdir(directory)) await rename(join(directory, entry), join(output, entry));
    // A module's files are not executable.
    for (const folder of ['bin', 'pkg/tool/linux_amd64']) await allowExecution(join(output, folder));
    return { version: NEEDED_GO };
  },
};

async function allowExecution(folder: string): Promise<void> {
  for (const entry of await readdir(folder)) await chmod(join(folder, entry), 0o755);
}

async function installedGo(signal: AbortSignal | undefined): Promise<string> {
  try {
    return (
      await runCommand({ command: 'go', args: ['env', 'GOVERSION'], env: { GOTOOLCHAIN: 'local' }, signal })
    ).trim();
  } catch (cause) {
    signal?.throwIfAborted();
    throw new DisklessError({
      code: 'lab-go-missing',
      message: 'there is no Go, with which the lab builds Kubernetes',
      hint: `install any Go (Debian: apt-get install golang-go), or Go ${NEEDED_GO} or newer, which saves a download`,
      cause,
    });
  }
}

/** Whether what `go env GOVERSION` says is new enough; a development version (`devel …`) is taken for a new one. */
export function isEnough(installed: string): boolean {
  const [, version, patch = '.0'] = /^go(\d+\.\d+)(\.\d+)?/.exec(installed) ?? [];
  return version === undefined || newestFirst(`${version}${patch}`, NEEDED_GO) <= 0;
}
