import { resolve } from 'node:path';
import { type Cache, defaultCacheRoot, openCache } from '../artifacts/cache.js';
import { downloadSettings } from '../artifacts/download.js';
import { type FetchedAll, type FetchedFile, fetchAll } from '../artifacts/fetch-all.js';
import { httpSource } from '../artifacts/http-source.js';
import { keepingSource } from '../artifacts/keeping-source.js';
import { requireLayout } from '../artifacts/layout.js';
import type { ArtifactSource } from '../artifacts/source.js';
import { EXIT } from '../errors.js';
import { textTable } from '../ui/text-table.js';
import { bytesText } from '../ui/units.js';
import type { DownloadFlags } from './download-options.js';
import { type DownloadWishes, readDownloadWishes } from './download-wishes.js';
import { interruptible } from './interrupt.js';
import { print } from './output-lost.js';
import { artifactLines, screenOf } from './view.js';

/** Version of the JSON form. */
const DOWNLOAD_SCHEMA = 1;

/** What `up` would push, and what else the cluster is worked with, brought here and verified; no node is asked. */
export function downloadCommand(flags: DownloadFlags): Promise<number> {
  return interruptible(async (signal) => {
    const wishes = await readDownloadWishes(flags);
    const to = flags.to === undefined ? undefined : resolve(flags.to);
    if (to !== undefined) await requireLayout(to);
    const cache = await openCache({ root: defaultCacheRoot(process.env) });
    const fetched = await fetchAll({
      versions: wishes.versions,
      archs: wishes.archs,
      platform: { os: process.platform, arch: process.arch },
      source: sourceOf({ cache, to, mirror: wishes.mirror }),
      cache,
      progress: flags.output === 'json' ? () => {} : artifactLines(),
      signal,
    });
    const report = { ...wishes, ...fetched, directory: to ?? cache.root, isLayout: to !== undefined };
    await print(flags.output === 'json' ? jsonOf(report) : textOf(report));
    return EXIT.done;
  });
}

interface Place {
  cache: Cache;
  to: string | undefined;
  mirror: string | undefined;
}

function sourceOf({ cache, to, mirror }: Place): ArtifactSource {
  const settings = downloadSettings(process.env);
  const source = httpSource({ cache, settings, ...(mirror !== undefined && { mirror }) });
  return to === undefined ? source : keepingSource({ directory: to, source });
}

interface Report extends DownloadWishes, FetchedAll {
  directory: string;
  /** The directory is one for `--artifacts`, and not the cache. */
  isLayout: boolean;
}

function jsonOf({ versions, archs, directory, files, leftOut, images }: Report): string {
  return `${JSON.stringify({ v: DOWNLOAD_SCHEMA, versions, archs, directory, files, leftOut, images })}\n`;
}

function textOf(report: Report): string {
  const { versions, archs, directory, isLayout, files, leftOut, images } = report;
  const { width, style } = screenOf(process.stdout);
  const { kubernetes, etcd, cni } = versions;
  const total = bytesText(files.reduce((sum, { size }) => sum + size, 0));
  const what = `Kubernetes ${kubernetes}, etcd ${etcd} and CNI plugins ${cni} for ${archs.join(' and ')}`;
  const table = textTable({
    columns: [
      { title: 'FILE', cell: ({ title }: FetchedFile) => title },
      { title: 'SIZE', cell: ({ size }) => bytesText(size), align: 'right' },
      { title: 'SHA-256', cell: ({ sha256 }) => sha256, priority: 0 },
    ],
    rows: files,
    width,
    style,
  });
  const lines = [
    `${what} (${total}) are in ${isLayout ? directory : `the cache ${directory}`}`,
    ...table,
    ...leftOut.map(({ reason, neededFor }) => style.yellow(`left out: ${reason}; needed for ${neededFor}`)),
    style.green(`checksums are right; use: ${useOf(report)}`),
    `container images are not among them: nodes pull ${images.join(' and ')}, or get archives of them by --images DIR`,
  ];
  return `${lines.join('\n')}\n`;
}

function useOf({ versions, directory, isLayout, mirror }: Report): string {
  const up = `k8s-diskless up --kubernetes ${versions.kubernetes}`;
  if (isLayout) return `${up} --artifacts ${directory}`;
  return `${up}${mirror === undefined ? '' : ' with the same mirror'} finds them there`;
}
