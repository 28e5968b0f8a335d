import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DisklessError } from '../../src/errors.js';
import { type AptFormat, type DebianRelease, selectBookworm } from './apt-sources.js';
import { runCommand } from './run-command.js';

export interface AptOptions {
  /** Directory for lists and settings of this one use. */
  directory: string;
  signal: AbortSignal | undefined;
  /** Packages of this release, from the same places. Default: bookworm, the machine's own. */
  release?: DebianRelease;
}

/** apt over the machine's own Debian 12 sources with lists and settings of its own. */
export interface Apt {
  /** Source files for programs that take apt's format (mmdebstrap). */
  sourceFiles: string[];
  /** File with this machine's way to the archive (proxy, certificates, date checks), in apt.conf format. */
  acquireConf: string;
  /** Downloads binary packages without installing them; gives the `.deb` of each. */
  download: (packages: readonly string[], into: string) => Promise<string[]>;
}

const APT_DIRECTORY = '/etc/apt';

export async function openApt({ directory, signal, release = 'bookworm' }: AptOptions): Promise<Apt> {
  const parts = join(directory, 'sources');
  const lists = join(directory, 'lists');
  await mkdir(parts, { recursive: true });
  await mkdir(join(lists, 'partial'), { recursive: true });
  await writeFile(join(directory, 'status'), '');
  const sourceFiles = await writeSources({ directory, parts, release });
  const acquireConf = join(directory, 'acquire.conf');
  await writeFile(acquireConf, await acquireSettings(signal));
  const settings = {
    'Dir::Etc::sourcelist': '/dev/null',
    'Dir::Etc::sourceparts': parts,
    'Dir::Etc::preferences': '/dev/null',
    'Dir::Etc::preferencesparts': '/dev/null',
    'Dir::State::lists': lists,
    'Dir::State::status': join(directory, 'status'),
    'Dir::Cache': directory,
    'APT::Sandbox::User': 'root',
  };
  const common = ['-q', ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])];
  const aptGet = (args: readonly string[], cwd: string) =>
    runCommand({ command: 'apt-get', args: [...common, ...args], cwd, signal });
  await aptGet(['update'], directory);
  return {
    sourceFiles,
    acquireConf,
    download: async (packages, into) => {
      await aptGet(['download', ...packages], into);
      return (await readdir(into)).filter((name) => name.endsWith('.deb')).map((name) => join(into, name));
    },
  };
}

interface SourcesPlace {
  directory: string;
  parts: string;
  release: DebianRelease;
}

/** Copies of the machine's source files, of which apt itself reads those in `parts`; gives those for other programs. */
async function writeSources({ directory, parts, release }: SourcesPlace): Promise<string[]> {
  const binary: string[] = [];
  for (const path of await machineSources()) {
    const format: AptFormat = path.endsWith('.sources') ? 'deb822' : 'one-line';
    const text = await readFile(path, 'utf8');
    const deb = selectBookworm({ text, format, release });
    if (deb === '') continue;
    const forBinaries = join(directory, `${binary.length}-${basename(path)}`);
    await writeFile(forBinaries, deb);
    binary.push(forBinaries);
    await writeFile(join(parts, `${binary.length}-${basename(path)}`), deb);
  }
  if (binary.length > 0) return binary;
  throw new DisklessError({
    code: 'lab-no-bookworm',
    message: "no enabled entry for Debian 12 (bookworm) main in this machine's apt sources",
    hint: 'the lab is built from Debian 12 packages: run it on Debian 12',
  });
}

async function machineSources(): Promise<string[]> {
  const inParts = (await readdir(join(APT_DIRECTORY, 'sources.list.d')).catch(() => []))
    .filter((name) => /\.(list|sources)$/.test(name))
    .map((name) => join(APT_DIRECTORY, 'sources.list.d', name));
  const inMain = (await readdir(APT_DIRECTORY).catch(() => [])).filter((name) => name === 'sources.list');
  return [...inMain.map((name) => join(APT_DIRECTORY, name)), ...inParts.sort()];
}

async function acquireSettings(signal: AbortSignal | undefined): Promise<string> {
  const dump = await runCommand({ command: 'apt-config', args: ['dump'], signal });
  const wanted = dump.split('\n').filter((line) => /^Acquire::(http|https|Check-|Retries|ForceIPv)/.test(line));
  return `${wanted.join('\n')}\n`;
}
