import { cp, mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DisklessError } from '../../src/errors.js';
import { hasCode } from '../../src/kube/api-errors.js';
import { type GoSoftware, moduleFolder, softwareVersion } from './go-software.js';
import { goEnvironment } from './go-toolchain.js';
import { type BuildContext, fileInputs, type Product } from './product.js';
import { runCommand } from './run-command.js';

const RECIPES = join(import.meta.dirname, 'recipes');

/** The commands of a Go module, flat, under the names of their packages. */
export function goProduct(software: GoSoftware): Product {
  return {
    name: software.name,
    inputs: () => goInputs(software),
    build: async (context) => ({ version: await buildCommands(software, context) }),
  };
}

/** All that decides what its commands are, but for packages of ours. */
export async function goInputs(software: GoSoftware): Promise<string[]> {
  return [
    JSON.stringify({ ...software, stamps: software.stamps?.('v1.2.3') }),
    // Checksums only tell whether the same has come.
    ...(await fileInputs(moduleFolder(software), ['go.mod'])),
    ...(await fileInputs(RECIPES, software.tests ? ['go-module.sh', 'go-tests.sh'] : ['go-module.sh'])),
  ];
}

/** Builds the commands into the output; returns their version. */
export async function buildCommands(software: GoSoftware, context: BuildContext): Promise<string> {
  const { output, progress, signal } = context;
  const version = softwareVersion(software);
  progress(`building ${version} from its Go module, once`);
  const module = await copyModule(software, context);
  await software.addPackages?.(module);
  const { tags = [], cgo, stamps, packages, tests } = software;
  const variables = Object.entries(stamps?.(`v${version}`) ?? {}).map(([name, value]) => `-X ${name}=${value}`);
  const flags = ['-s -w', ...variables, ...(cgo ? ['-linkmode=external -extldflags=-static'] : [])].join(' ');
  try {
    const env = { ...(await goEnvironment(context)), ...(cgo ? { CGO_ENABLED: '1' } : {}) };
    const run = (recipe: string, wanted: readonly string[]) => {
      const args = [join(RECIPES, recipe), module, output, flags, tags.join(','), ...wanted];
      return runCommand({ command: 'bash', args, env, onLine: progress, signal });
    };
    await run('go-module.sh', packages);
    if (tests) await run('go-tests.sh', tests);
  } catch (cause) {
    signal?.throwIfAborted();
    throw hasCode(cause, 'lab-command-failed') ? buildFailed(software, version, cause) : cause;
  }
  for (const path of packages) await requireCommand(commandOf(path), output);
  return version;
}

/** A directory to build in, since Go adds to go.mod and go.sum. */
async function copyModule(software: GoSoftware, { work }: BuildContext): Promise<string> {
  const module = join(work, 'module');
  await mkdir(module);
  await cp(moduleFolder(software), module, { recursive: true });
  return module;
}

/** Directory of the module's files, read-only to its users. */
export async function moduleSources(software: GoSoftware, context: BuildContext): Promise<string> {
  const cwd = await copyModule(software, context);
  const args = ['mod', 'download', '-json', software.module];
  const env = await goEnvironment(context);
  const { Dir } = JSON.parse(await runCommand({ command: 'go', args, cwd, env, signal: context.signal }));
  return Dir;
}

/** `go build` names a command by the last part of its path that is no version. */
function commandOf(path: string): string {
  const parts = path.split('/').filter((part) => !/^v\d+$/.test(part));
  return parts.at(-1) ?? '';
}

async function requireCommand(name: string, output: string): Promise<void> {
  const found = await stat(join(output, name)).catch(() => undefined);
  if (found !== undefined && found.size > 0) return;
  throw new DisklessError({
    code: 'lab-cache-changed',
    message: `${name} was built, and is not there or empty: something else has changed the cache meanwhile`,
    hint: 'the same command builds it again',
  });
}

function buildFailed({ name }: GoSoftware, version: string, cause: DisklessError): DisklessError {
  const { message, detail } = cause;
  return new DisklessError({
    code: 'lab-build-failed',
    message: `${name} ${version} cannot be built from its Go module`,
    detail: detail ?? message,
    hint:
      'it needs the Go module proxy (`go env GOPROXY`) and some GB of disk; `npm run -s lab -- cache prune` frees some, ' +
      'and removes downloaded modules, which may be damaged',
    cause,
  });
}
