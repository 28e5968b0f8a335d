import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { openCache } from '../../src/artifacts/cache.js';
import { type ArtifactVersions, iperf3Program, kubernetesBinary } from '../../src/artifacts/catalogue.js';
import { downloadSettings } from '../../src/artifacts/download.js';
import { fetchAll } from '../../src/artifacts/fetch-all.js';
import { displayUrl } from '../../src/artifacts/http-get.js';
import { httpSource } from '../../src/artifacts/http-source.js';
import { keepingSource } from '../../src/artifacts/keeping-source.js';
import type { OnArtifactProgress } from '../../src/artifacts/progress.js';
import { layOutIperf3 } from './artifacts.js';
import { DOWNLOADS } from './lab-cache.js';
import type { Product } from './product.js';

export interface ReleasedOptions {
  versions: ArtifactVersions;
  /** Base URL in our layout; upstream's release servers when absent. */
  mirror?: string | undefined;
  /** For where no iperf3 is served. */
  iperf3: Product;
  env?: NodeJS.ProcessEnv;
}

/** The lab's nodes are machines of this kind. */
const ARCH = 'amd64';

/** Upstream's own builds, as `k8s-diskless download --to` brings them: a directory like that of `artifacts`. */
export function releasedArtifacts({ versions, mirror, iperf3, env = process.env }: ReleasedOptions): Product {
  const { kubernetes, etcd, cni } = versions;
  const name = releasedName(versions);
  return {
    name,
    // No credentials, which say nothing about what is served.
    inputs: async () => [kubernetes, etcd, cni, mirror === undefined ? 'upstream' : displayUrl(new URL(mirror))],
    build: async ({ root, output, progress, signal, use }) => {
      // Outside of the work, so that what has arrived is continued by the next attempt.
      const downloads = join(root, DOWNLOADS, name);
      await mkdir(downloads, { recursive: true });
      const cache = await openCache({ root: downloads });
      const settings = downloadSettings(env);
      const servers = httpSource({ cache, settings, ...(mirror !== undefined && { mirror }) });
      const source = keepingSource({ directory: output, source: servers });
      const obtaining = { progress: namingFiles(progress), signal };
      progress(`downloading from ${source.title}`);
      const platform = { os: 'linux', arch: 'x64' };
      const { leftOut } = await fetchAll({ versions, archs: [ARCH], platform, source, cache, ...obtaining });
      for (const { reason } of leftOut) progress(reason);
      // A person may do without it, but not the lab.
      await source.obtain(kubernetesBinary({ name: 'kubectl', version: kubernetes, arch: ARCH }), obtaining);
      const [measuring] = iperf3Program({ arch: ARCH }).paths;
      if (!existsSync(join(output, dirname(measuring)))) await layOutIperf3(await use(iperf3), output);
      await rm(downloads, { recursive: true, force: true });
      return { version: `kubernetes-${kubernetes}_etcd-${etcd}_cni-${cni}` };
    },
  };
}

export function releasedName({ kubernetes, etcd }: Pick<ArtifactVersions, 'kubernetes' | 'etcd'>): string {
  return `releases-${kubernetes}-${etcd}`;
}

/** Each once, when it begins. */
function namingFiles(progress: (line: string) => void): OnArtifactProgress {
  const seen = new Set<string>();
  return ({ stage, name }) => {
    const line = `${stage} ${name}`;
    if (!seen.has(line)) progress(line);
    seen.add(line);
  };
}
