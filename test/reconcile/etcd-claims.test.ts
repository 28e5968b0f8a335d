import { expect, it } from 'vitest';
import { createEtcdClaims } from '../../src/reconcile/etcd-claims.js';

it('each directory is opened by one: by who recorded the quorum, or by who claimed it later', () => {
  const claims = createEtcdClaims();
  expect(claims.claimed('s4', 'c 1 voter t begun')).toBe(false);
  expect(claims.quorumRecorded()).toEqual(['s4']);
  expect(claims.claimed('s5', 'c 1 voter t begun')).toBe(true);
  claims.opened('s5');
  expect([claims.marker('s4'), claims.marker('s5'), claims.marker('s6')]).toEqual([
    'c 1 voter t begun',
    undefined,
    undefined,
  ]);
});
