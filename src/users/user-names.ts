import { refusal } from '../errors.js';

/* Which names people and their namespaces may have: a name in a certificate is who somebody is to the API. */

/** Room for what is put before and after it, in a namespace's 63 characters. */
const NAME = /^[a-z0-9]([a-z0-9-]{0,48}[a-z0-9])?$/;
const RESERVED = /^(kube-.*|kubernetes-.*|k8s-diskless.*|default|system)$/;

export const NAME_RULE =
  'must be a lower-case DNS label of at most 50 characters, and not default, system, kube-… or k8s-diskless…';

export function isAllowedName(name: string): boolean {
  return NAME.test(name) && !RESERVED.test(name);
}

export interface Subject {
  /** Name of the cluster. */
  cluster: string;
  user: string;
  /** Of a class: not what rights are bound to. */
  group: string;
  /** Where the rights are: in no certificate, and yet none is issued for one that nobody may have. */
  namespace: string;
  generation: number;
}

/** The group that a user's rights are bound to: a name that was removed and comes back has another one. */
export function generationGroup({ cluster, user, generation }: Omit<Subject, 'group' | 'namespace'>): string {
  return `${cluster}:u:${user}:${generation}`;
}

/**
 * Who a certificate says that somebody is. Asked by the signer itself, whatever was checked before.
 *
 * @throws refusal `user-name-reserved`
 */
export function certificateSubject(subject: Subject): { commonName: string; organizations: string[] } {
  const { cluster, user, group, namespace, generation } = subject;
  const bad = [user, group, namespace].find((name) => !isAllowedName(name));
  const isCounted = Number.isSafeInteger(generation) && generation > 0;
  if (bad !== undefined || cluster === 'system' || !isCounted) {
    throw refusal({
      code: 'user-name-reserved',
      message: `no certificate is issued for ${JSON.stringify(bad ?? generationGroup(subject))}`,
      hint: `a name ${NAME_RULE}`,
    });
  }
  return { commonName: user, organizations: [`${cluster}:g:${group}`, generationGroup(subject)] };
}
