import { usageError } from '../errors.js';
import type { Flags } from './flags.js';

/** How one etcd minor spells what we want of it. */
export interface EtcdDialect {
  minor: string;
  /** Flags beyond those all minors share. */
  flags: Flags;
  /** Go architectures that need ETCD_UNSUPPORTED_ARCH to start at all. */
  unsupported: readonly string[];
}

/** First patch release of a minor that knows a flag; those not listed are known to all. Source: CHANGELOG of each. */
const SINCE_PATCH: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  '3.4': { 'experimental-watch-progress-notify-interval': 11 },
  '3.5': { 'experimental-compact-hash-check-enabled': 5 },
};

/** kube-apiserver's watch cache relies on these to serve consistent reads; kubeadm sets the same. */
const PROGRESS = '5s';

/** Unknown flags are fatal, so each minor has its row. Source: `etcd --help` and CHANGELOG of each. */
const DIALECTS: readonly EtcdDialect[] = [
  {
    minor: '3.4',
    flags: {
      logger: 'zap',
      'pre-vote': true,
      'experimental-initial-corrupt-check': true,
      'experimental-watch-progress-notify-interval': PROGRESS,
    },
    unsupported: ['arm64'],
  },
  {
    minor: '3.5',
    flags: {
      'experimental-initial-corrupt-check': true,
      'experimental-compact-hash-check-enabled': true,
      'experimental-watch-progress-notify-interval': PROGRESS,
    },
    unsupported: [],
  },
  {
    minor: '3.6',
    flags: {
      'feature-gates': ['InitialCorruptCheck=true', 'CompactHashCheck=true'],
      'watch-progress-notify-interval': PROGRESS,
    },
    unsupported: [],
  },
  {
    minor: '3.7',
    flags: {
      'feature-gates': ['InitialCorruptCheck=true', 'CompactHashCheck=true'],
      'watch-progress-notify-interval': PROGRESS,
    },
    unsupported: [],
  },
];

/** The dialect of an etcd version such as `3.5.33`. */
export function etcdDialect(version: string): EtcdDialect {
  const dialect = DIALECTS.find(({ minor }) => version.startsWith(`${minor}.`));
  if (dialect) return { ...dialect, flags: knownFlags(dialect, Number(version.slice(dialect.minor.length + 1))) };
  throw usageError({
    code: 'etcd-version-unsupported',
    message: `etcd version ${JSON.stringify(version)} is not in the table`,
    hint: `use one of ${DIALECTS.map(({ minor }) => `${minor}.x`).join(', ')}`,
  });
}

function knownFlags({ minor, flags }: EtcdDialect, patch: number): Flags {
  const known = Object.entries(flags).filter(([name]) => patch >= (SINCE_PATCH[minor]?.[name] ?? 0));
  return Object.fromEntries(known);
}
