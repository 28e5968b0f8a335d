import { refusal } from '../errors.js';
import type { PkiEnvironment } from './environment.js';
import type { Authorities, PkiFile } from './foundation.js';
import { issueLeaf, judgeLeaf, type Leaf, type RenewalReason } from './leaf.js';
import type { LeafRequest } from './leaf-request.js';
import { authorityFiles, LEAF_DIRECTORY, leafFiles, type PkiContents } from './pki-files.js';
import type { PkiProfiles } from './profile-schema.js';

interface EnsureLeaves {
  contents: PkiContents;
  requests: LeafRequest[];
  authorities: Authorities;
  validity: PkiProfiles['validity'];
  environment: PkiEnvironment;
  signal?: AbortSignal;
}

export interface EnsuredLeaves {
  /** By name. */
  leaves: Map<string, Leaf>;
  /** Not on disk yet, one pair per leaf, the key first: what a power cut leaves behind is then told by its absence. */
  pairs: PkiFile[][];
  issued: string[];
  renewed: { leaf: string; reason: RenewalReason }[];
  reused: string[];
}

/**
 * Judges every wanted leaf before the first is issued, so that a refusal changes nothing.
 *
 * @throws DisklessError `leaf-foreign` (exit 5).
 */
export async function ensureLeaves(options: EnsureLeaves): Promise<EnsuredLeaves> {
  const { requests, authorities, validity, environment, signal } = options;
  const judged = requests.map((request) => ({ request, verdict: judge(request, options) }));
  const result: EnsuredLeaves = { leaves: new Map(), pairs: [], issued: [], renewed: [], reused: [] };
  for (const { request, verdict } of judged) {
    const { name } = request;
    if (verdict.action === 'reuse') {
      result.leaves.set(name, verdict.leaf);
      result.reused.push(name);
      continue;
    }
    signal?.throwIfAborted();
    const leaf = await issueLeaf({ request, authority: authorities[request.issuer], validity, environment });
    result.leaves.set(name, leaf);
    result.pairs.push(pairOf(name, leaf));
    if (verdict.action === 'renew') result.renewed.push({ leaf: name, reason: verdict.reason });
    else result.issued.push(name);
  }
  return result;
}

function judge(request: LeafRequest, { contents, authorities, validity, environment }: EnsureLeaves) {
  const files = leafFiles(request.name);
  const found = { certificate: contents.get(files.certificate), privateKey: contents.get(files.key) };
  const verdict = judgeLeaf({ request, found, authorities, validity, now: environment.now() });
  if (verdict.action !== 'refuse') return verdict;
  const authority = contents.path(authorityFiles(request.issuer).certificate);
  throw refusal({
    code: 'leaf-foreign',
    message: `${contents.path(files.certificate)} was not issued by ${authority} nor by any other authority beside it`,
    hint:
      `restore the authorities that issued it. If they were replaced on purpose, remove ${contents.path(LEAF_DIRECTORY)}: ` +
      'every certificate is then issued again, and kubeconfigs handed out before stop working',
  });
}

function pairOf(name: string, { certificate, privateKey }: Leaf): PkiFile[] {
  const files = leafFiles(name);
  return [
    { file: files.key, text: privateKey, mode: 0o600 },
    { file: files.certificate, text: certificate, mode: 0o644 },
  ];
}
