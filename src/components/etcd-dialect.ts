import { type EtcdMinor, etcdMinor } from '../config/etcd-floor.js';
import type { Flags } from './flags.js';

/** kube-apiserver's watch cache relies on these to serve consistent reads; kubeadm sets the same. */
const PROGRESS = '5s';

const BEFORE_FEATURE_GATES: Flags = {
  'experimental-initial-corrupt-check': true,
  'experimental-compact-hash-check-enabled': true,
  'experimental-watch-progress-notify-interval': PROGRESS,
};
const FEATURE_GATES: Flags = {
  'feature-gates': ['InitialCorruptCheck=true', 'CompactHashCheck=true'],
  'watch-progress-notify-interval': PROGRESS,
};

/** Unknown flags are fatal, so each minor has its row. Source: `etcd --help` and CHANGELOG of each. */
const DIALECTS: Readonly<Record<EtcdMinor, Flags>> = {
  '3.5': BEFORE_FEATURE_GATES,
  '3.6': FEATURE_GATES,
  '3.7': FEATURE_GATES,
};

/** How the minor of an etcd version such as `3.7.3` spells what we want beyond the flags that all minors share. */
export function etcdDialect(version: string): Flags {
  return DIALECTS[etcdMinor(version)];
}
