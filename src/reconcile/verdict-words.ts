import type { EtcdVerdict } from '../plan/etcd-outcome.js';

const BOOTSTRAP_WORDS = {
  first: 'no cluster recorded',
  unfinished: 'an earlier bootstrap never finished and held no objects',
  discarded: 'the remaining data is discarded, and all objects with it',
  'new-cluster': 'a new cluster begins, as asked: the objects of the old one are gone; hosts, PKI and addresses stay',
  'all-blank': 'every control plane is blank: the objects of the old incarnation are gone, PKI and credentials stay',
} as const;

/** The verdict in one sentence for a person. */
export function explainVerdict(verdict: EtcdVerdict): string {
  const absent =
    'absent' in verdict && verdict.absent.length > 0 ? `; ${verdict.absent.join(', ')} cannot be reached` : '';
  switch (verdict.code) {
    case 'bootstrap': {
      const why = BOOTSTRAP_WORDS[verdict.why];
      return `${why}; bootstrapping etcd on ${verdict.start.join(', ')} (incarnation ${verdict.incarnation})${absent}`;
    }
    case 'resume-bootstrap': {
      const goes =
        verdict.wipe.length > 0 ? `; earlier data of ${verdict.wipe.join(', ')} is discarded, as recorded` : '';
      return `continuing the interrupted etcd bootstrap on ${verdict.start.join(', ')}${goes}${absent}`;
    }
    case 'revive':
      return `etcd has no quorum; starting ${verdict.holders.join(', ')}, which ${verdict.holders.length === 1 ? 'has its' : 'have their'} data${absent}`;
    case 'healthy':
      return `etcd has a quorum${forgotten(verdict.forget)}${absent}`;
    case 'rejoin':
      return `etcd has a quorum; ${verdict.blank.join(', ')} lost their data and rejoin one after another${forgotten(verdict.forget)}${absent}`;
    case 'refused':
      return verdict.message;
  }
}

function forgotten(names: readonly string[]): string {
  return names.length === 0
    ? ''
    : `; the data of ${names.join(', ')} is lost; ${names.length === 1 ? 'its etcd member' : 'their etcd members'} will be removed`;
}
