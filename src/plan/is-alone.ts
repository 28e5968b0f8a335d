import type { EtcdFacts } from './etcd-facts.js';

/** Whether a life that begins from it is to be that and nothing beyond: a person said so, now or when it began for the first time. */
export function isAlone(snapshot: string, { beginning, recorded }: Pick<EtcdFacts, 'beginning' | 'recorded'>): boolean {
  const isBegunAgain = recorded?.phase === 'bootstrapping' && recorded.origin?.snapshot === snapshot;
  return beginning === 'snapshot' || (isBegunAgain && recorded.origin?.alone === true);
}
