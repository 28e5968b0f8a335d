import { join } from 'node:path';
import { etcdProblem } from '../config/etcd-floor.js';
import { KUBERNETES_RANGE, NEWEST } from '../config/version-table.js';
import { type DisklessError, usageError } from '../errors.js';

/** Names of binaries by version. */
export type Binaries = ReadonlyMap<string, readonly string[]>;

/** How to get what is missing. */
export const fetchHint = (version: string, root: string): string =>
  `k8s-diskless download --kubernetes ${version} --to ${root} fetches all of it where there is internet`;

export function unsupported(root: string, present: readonly string[]): DisklessError {
  return usageError({
    code: 'artifacts-unsupported',
    message: `the directory ${root} has no version of Kubernetes that is supported, which are ${KUBERNETES_RANGE}`,
    detail: `it has ${present.join(', ')}`,
    hint: fetchHint(NEWEST.kubernetes, root),
  });
}

export function mixedVersions(root: string, held: Binaries): DisklessError {
  const [newest = NEWEST.kubernetes] = held.keys();
  const some = [...held].filter(([, names]) => names.length > 0);
  return usageError({
    code: 'artifacts-mixed',
    message: `the directory ${root} has the binaries of Kubernetes, but of different versions: none is whole`,
    detail: some.map(([version, names]) => `of ${version}: ${names.join(', ')}`).join('\n'),
    hint: fetchHint(newest, root),
  });
}

export interface Lacking {
  /** What the best candidate lacks; undefined where there is no candidate. */
  lacking: readonly string[] | undefined;
  /** etcd versions that are there and are passed over. */
  unsafe: readonly string[];
}

export function incomplete(root: string, { lacking, unsafe }: Lacking): DisklessError {
  const missing = lacking?.map((path) => `missing ${path}`) ?? [
    `there is no supported version in ${join(root, 'kubernetes')}, nor directly in ${root}`,
  ];
  const unusable = unsafe.map((version) => `not used: ${join(root, 'etcd', `v${version}`)}: ${etcdProblem(version)}`);
  return usageError({
    code: 'artifacts-incomplete',
    message: `the directory ${root} has no complete Kubernetes version that is supported`,
    detail: [...missing, ...unusable].join('\n'),
    hint: 'its layout is kubernetes/vX.Y.Z/bin/linux/ARCH/NAME, etcd/vX.Y.Z/ and cni/vX.Y.Z/, each file with its checksum; k8s-diskless download --to DIR makes one',
  });
}
