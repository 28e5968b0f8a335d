import { join } from 'node:path';
import { blobPath, defaultCacheRoot, openCache } from '../artifacts/cache.js';
import { downloadSettings } from '../artifacts/download.js';
import { fetchRelease } from '../boot/images/fetch-release.js';
import type { FetchedRelease } from '../boot/images/fetched.js';
import { releaseServer } from '../boot/images/release-server.js';
import { openSignatureChecker } from '../boot/images/signature.js';
import type { OsDriver } from '../boot/os/os-driver.js';
import type { BootSettings } from '../boot/settings.js';
import type { LoadedConfig } from '../config/load.js';
import { EXIT, usageError } from '../errors.js';
import { textTable } from '../ui/text-table.js';
import { bytesText } from '../ui/units.js';
import { readOsSettings } from './boot-inputs.js';
import type { FetchFlags } from './boot-options.js';
import { interruptible } from './interrupt.js';
import { print } from './output-lost.js';
import { artifactLines, screenOf } from './view.js';

/** Version of the JSON form. */
const FETCH_SCHEMA = 1;

export function bootFetchCommand(flags: FetchFlags): Promise<number> {
  return interruptible(async (signal) => {
    const { settings, file } = await readOsSettings(flags);
    const download = downloadSettings(process.env);
    const mirror = flags.mirror ?? mirrorOf(file);
    const server = releaseServer({ settings: download, signal, ...(mirror !== undefined && { mirror }) });
    const keyring = flags.checksumsOnly ? undefined : settings.keyring;
    if (keyring === undefined && !flags.checksumsOnly && settings.os.findRelease) throw keyringMissing(settings.os);
    const signatures = keyring === undefined ? undefined : await openSignatureChecker(keyring, process.env);
    const cache = await openCache({ root: defaultCacheRoot(process.env) });
    const release = await fetchRelease({
      settings,
      server,
      cache,
      download,
      progress: flags.output === 'json' ? () => {} : artifactLines(),
      signal,
      ...(signatures && { signatures }),
    });
    const files = release.images.map((image) => ({ ...image, path: blobPath(cache, image.sha256) }));
    const fetched = { ...release, images: files, os: settings.os.name, arch: settings.arch };
    const json = `${JSON.stringify({ v: FETCH_SCHEMA, ...fetched })}\n`;
    await print(flags.output === 'json' ? json : report(release, settings, join(cache.root, 'blobs')));
    return EXIT.done;
  });
}

/** Checksums tell damage, not malice: who changes the images on the way changes these as well. */
function keyringMissing({ title }: OsDriver): Error {
  return usageError({
    code: 'keyring-missing',
    message: `nothing says whose signatures the images of ${title} must bear, and their checksums come from the same server as they do`,
    hint: "name the makers' keys: --keyring FILE, or boot.keyring in the config file; --checksums-only does without",
  });
}

/** `artifacts` of the config file, where it is a URL: one mirror for everything. */
function mirrorOf(file: LoadedConfig | undefined): string | undefined {
  const artifacts = file?.config.artifacts;
  return artifacts !== undefined && /^https?:/.test(artifacts) ? artifacts : undefined;
}

function report(release: FetchedRelease, { os, arch }: BootSettings, directory: string): string {
  const { width, style } = screenOf(process.stdout);
  const { version, channel, images, signedBy } = release;
  const table = textTable({
    columns: [
      { title: 'FILE', cell: ({ file }: FetchedRelease['images'][number]) => file },
      { title: 'SIZE', cell: ({ size }) => bytesText(size), align: 'right' },
      { title: 'SHA-256', cell: ({ sha256 }) => sha256, priority: 0 },
    ],
    rows: images,
    width,
    style,
  });
  const checked =
    signedBy === null
      ? style.yellow(
          'checksums are right; signatures were not checked: --keyring FILE checks them with the makers’ keys in it',
        )
      : style.green(`checksums and signatures are right; signed by ${signedBy}`);
  const lines = [`${os.title} ${version} (${channel}, ${arch}) is in ${directory}`, ...table, checked];
  return `${lines.join('\n')}\n`;
}
