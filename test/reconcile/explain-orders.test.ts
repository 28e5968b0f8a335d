import { expect, it } from 'vitest';
import { explainOrders } from '../../src/reconcile/explain-orders.js';
import { sampleOrders } from '../helpers/sample-orders.js';

it('says of data of an older life that it is kept before its member rejoins, beside those that have none', () => {
  const older = { do: 'join-as-learner', wipe: 'older' } as const;
  const said = (members: Parameters<typeof sampleOrders>[0]) =>
    explainOrders(sampleOrders({ code: 'rejoin', ...members }));
  expect(said({ members: { s4: 'keep', s5: older } })).toBe(
    'etcd has a quorum; what s5 has is of an older life, and kept as a stray before it rejoins',
  );
  expect(said({ members: { s4: 'keep', s5: older, s6: 'join-as-learner' } })).toBe(
    'etcd has a quorum; s6 lost its data and rejoins; what s5 has is of an older life, and kept as a stray before it rejoins',
  );
});
