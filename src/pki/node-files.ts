import { textFile } from '../components/systemd.js';
import type { ClusterSpec, Role } from '../config/spec.js';
import type { DesiredFile } from '../node/desired.js';
import { encryptionConfiguration } from './encryption.js';
import { componentKubeconfig } from './kubeconfig.js';
import { leafName, receives } from './leaf-request.js';
import { type Pki, requireLeaf } from './pki.js';
import type { Bundle, LeafProfile } from './profile-schema.js';

interface NodeFiles {
  pki: Pki;
  spec: ClusterSpec;
  node: { name: string; role: Role };
}

/**
 * Everything under /etc/kubernetes that comes from the PKI, for one node: its leaves and their kubeconfigs, the
 * authorities' certificates, and on control planes the keys that are allowed there. Sorted by path.
 *
 * @throws TypeError when the node was not part of the `ensure` that gave this PKI.
 */
export function nodeFiles({ pki, spec, node }: NodeFiles): DesiredFile[] {
  const leaves = Object.entries(pki.profiles.leaves).filter(([, profile]) => receives(profile.per, node.role));
  return [
    ...foundationFiles(pki, node.role),
    ...leaves.flatMap(([id, profile]) => leafFilesOf({ pki, profile, name: leafName(id, node.name) })),
    ...leaves.flatMap(([id, profile]) => kubeconfigOf({ pki, spec, profile, id })),
  ].sort((a, b) => (a.path < b.path ? -1 : 1));
}

function foundationFiles(pki: Pki, role: Role): DesiredFile[] {
  const { authorities, bundles, serviceAccount, encryption } = pki.profiles;
  const wanted = <T extends { to: 'node' | 'control-plane' }>(entries: T[]) =>
    entries.filter(({ to }) => receives(to, role));
  return [
    ...Object.entries(authorities).flatMap(([id, { deliver }]) =>
      wanted(deliver).map((file) => pairFile(file, pki.authorities[id as keyof Pki['authorities']])),
    ),
    ...wanted(Object.values(bundles)).map((bundle) => bundleFile(pki, bundle)),
    ...wanted(serviceAccount.deliver).map(({ part, path, mode }) =>
      textFile(path, part === 'key' ? pki.serviceAccount.privateKey : pki.serviceAccount.publicKey, mode),
    ),
    ...wanted([encryption]).map(({ path, mode, resources }) =>
      textFile(path, encryptionConfiguration(pki.encryptionKeys, resources), mode),
    ),
  ];
}

/** Another users' CA restarts nothing: kube-apiserver watches the file, and trusted no such CA before there was one. */
function bundleFile(pki: Pki, { path, mode, authorities, users }: Bundle): DesiredFile {
  const text = authorities.map((id) => pki.authorities[id].certificate).join('');
  return users ? { ...textFile(path, text + pki.users.certificate, mode), watched: text } : textFile(path, text, mode);
}

function leafFilesOf({ pki, profile, name }: { pki: Pki; profile: LeafProfile; name: string }): DesiredFile[] {
  const leaf = requireLeaf(pki.leaves, name);
  return profile.deliver.map((file) => pairFile(file, leaf));
}

interface KubeconfigOf {
  pki: Pki;
  spec: ClusterSpec;
  profile: LeafProfile;
  id: string;
}

function kubeconfigOf({ pki, spec, profile, id }: KubeconfigOf): DesiredFile[] {
  const { kubeconfig, deliver } = profile;
  if (!kubeconfig) return [];
  const pathOf = (part: 'certificate' | 'key', entries: { part: string; path: string }[]) =>
    entries.find((entry) => entry.part === part)?.path ?? '';
  const text = componentKubeconfig({
    spec,
    user: id,
    authorityPath: pathOf('certificate', pki.profiles.authorities.kubernetes.deliver),
    certificatePath: pathOf('certificate', deliver),
    keyPath: pathOf('key', deliver),
  });
  return [textFile(kubeconfig.path, text, kubeconfig.mode)];
}

interface PairPart {
  part: 'certificate' | 'key';
  path: string;
  mode: number;
}

function pairFile({ part, path, mode }: PairPart, pair: { certificate: string; privateKey: string }): DesiredFile {
  return textFile(path, part === 'key' ? pair.privateKey : pair.certificate, mode);
}
