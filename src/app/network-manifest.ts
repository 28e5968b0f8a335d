import { readFile } from 'node:fs/promises';
import { deadline } from '../abort.js';
import { type DownloadSettings, downloadSettings, downloadText } from '../artifacts/download.js';
import { reasonOf } from '../artifacts/http-source.js';
import type { NetworkSpec } from '../config/spec.js';
import { usageError } from '../errors.js';
import { parseManifest } from '../kube/manifest.js';
import type { KubeObject } from '../kube/objects.js';

export interface NetworkManifestOptions {
  network: Pick<NetworkSpec, 'mode' | 'manifest'>;
  signal: AbortSignal;
  /** Default: those of all downloads. */
  settings?: DownloadSettings;
  /** For all attempts together. Default: a minute. */
  timeoutMs?: number;
}

/** Those with all custom resource definitions of an operator have two or three. */
const MOST_BYTES = 16 * 1024 * 1024;
const TIMEOUT_MS = 60_000;

/** Objects of the user's own CNI manifest; none with the other network modes. @throws usage error naming the manifest */
export async function networkManifest(options: NetworkManifestOptions): Promise<KubeObject[]> {
  const { network, signal } = options;
  const { mode, manifest: source } = network;
  if (mode !== 'manifest' || source === undefined) return [];
  const text = await readText(source, options).catch((cause: unknown) => {
    signal.throwIfAborted();
    throw usageError({
      code: 'manifest-unreadable',
      message: `the CNI manifest ${source} cannot be read: ${reasonOf(cause)}`,
      hint: 'correct network.manifest in the config file, or check the network and HTTPS_PROXY; a path works too',
      cause,
    });
  });
  return parseManifest({ text, source });
}

async function readText(source: string, options: NetworkManifestOptions): Promise<string> {
  if (!/^https?:/.test(source)) return readFile(source, 'utf8');
  const { signal, settings = downloadSettings(process.env), timeoutMs = TIMEOUT_MS } = options;
  const reason = (): Error => new Error(`not finished within ${timeoutMs / 1000} s`);
  const limit = deadline({ parent: signal, ms: timeoutMs, reason });
  try {
    return await downloadText({ url: new URL(source), settings, signal: limit.signal, maxBytes: MOST_BYTES });
  } catch (error) {
    // Whatever an aborted request or pause is rejected with, the reason is the signal's.
    limit.signal.throwIfAborted();
    throw error;
  } finally {
    limit.release();
  }
}
