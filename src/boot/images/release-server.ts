import { type DownloadSettings, downloadText } from '../../artifacts/download.js';
import { displayUrl, HttpStatusError } from '../../artifacts/http-get.js';
import { mirrorUrl, reasonOf } from '../../artifacts/http-source.js';
import { DisklessError, usageError } from '../../errors.js';
import type { ReleaseServer } from './os-release.js';

export interface ReleaseServerOptions {
  /** Base URL under which `flatcar/` and `fcos/` lie; upstream's own servers when absent. */
  mirror?: string;
  settings: DownloadSettings;
  signal?: AbortSignal;
}

/** Upstream's servers and their places on a mirror. */
const PLACES: readonly { pattern: RegExp; place: string }[] = [
  { pattern: /^https:\/\/(\w+)\.release\.flatcar-linux\.net\//, place: 'flatcar/$1/' },
  { pattern: /^https:\/\/builds\.coreos\.fedoraproject\.org\//, place: 'fcos/' },
];

export function releaseServer({ mirror, settings, signal }: ReleaseServerOptions): ReleaseServer {
  const base = mirror === undefined ? undefined : mirrorUrl(mirror);
  const title = base === undefined ? 'the upstream release servers' : `the mirror ${displayUrl(base)}`;
  const locate = (upstream: string): URL => (base === undefined ? new URL(upstream) : placeOnMirror(upstream, base));
  return {
    title,
    locate,
    async text(upstream) {
      const url = locate(upstream);
      try {
        return await downloadText({ url, settings, signal });
      } catch (error) {
        signal?.throwIfAborted();
        throw downloadError(url, title, error);
      }
    },
  };
}

function placeOnMirror(upstream: string, base: URL): URL {
  const known = PLACES.find(({ pattern }) => pattern.test(upstream));
  if (known === undefined) throw new Error(`${upstream} has no place on a mirror`);
  return new URL(upstream.replace(known.pattern, known.place), base);
}

/** What a failed request means to a person. */
export function downloadError(url: URL, title: string, error: unknown): DisklessError {
  if (error instanceof DisklessError) return error;
  if (error instanceof HttpStatusError && [403, 404, 410].includes(error.status)) {
    return usageError({
      code: 'os-release-missing',
      message: `${displayUrl(url)} is not there`,
      hint: 'check --os-version, --channel and --arch; a mirror has upstream’s paths below flatcar/CHANNEL/ and fcos/',
      cause: error,
    });
  }
  return new DisklessError({
    code: 'download-failed',
    message: `${displayUrl(url)} could not be downloaded from ${title}`,
    detail: reasonOf(error),
    hint: 'check the network and HTTPS_PROXY; what has arrived is kept and continued. Without internet use --mirror URL, or --os-images DIR with boot serve',
    cause: error,
  });
}
