import { expect, it } from 'vitest';
import { outdatedCluster } from '../../src/config/outdated.js';
import { VERSION_TABLE } from '../../src/config/version-table.js';
import { DisklessError, EXIT } from '../../src/errors.js';

it.each([
  ['1.20.2', '3.4.23', 'Kubernetes 1.20.2, and this release runs 1.32 to 1.37'],
  ['1.31.14', '3.5.33', 'Kubernetes 1.31.14'],
  ['1.36.4', '3.6.10', 'etcd 3.6.10 is older than 3.6.11'],
])('Kubernetes %s with etcd %s is no longer brought up, and the way on is told', (kubernetes, etcd, reason) => {
  const refusal = outdatedCluster({ name: 'lab', kubernetes, etcd });
  expect(refusal).toMatchObject({ code: 'cluster-outdated', exit: EXIT.refused });
  expect(refusal?.message).toContain('the cluster lab is recorded with');
  expect(refusal?.message).toContain(reason);
  for (const words of ['0.1.0 is the last release', 'save', 'reboot', 'up --kubernetes 1.37.2 --new-cluster', 'PKI']) {
    expect(refusal?.hint).toContain(words);
  }
});

it('what the table has is brought up', () => {
  for (const { kubernetes, etcd } of VERSION_TABLE) {
    expect(outdatedCluster({ name: 'lab', kubernetes, etcd })).toBeUndefined();
  }
});

it.each([
  ['1.38.0', '3.7.3', 'does not know Kubernetes 1.38.0'],
  ['1.37.2', '3.8.0', 'does not know etcd 3.8.0'],
  ['1.37.2', '3.10.1', 'does not know etcd 3.10.1'],
  ['1.39.1', '4.0.0', 'does not know Kubernetes 1.39.1 and etcd 4.0.0'],
])('Kubernetes %s with etcd %s is a newer release’s, and nobody is told to begin anew', (kubernetes, etcd, reason) => {
  const error = errorOf(() => outdatedCluster({ name: 'lab', kubernetes, etcd }));
  expect(error).toMatchObject({ code: 'cluster-newer', exit: EXIT.usage });
  expect(error.message).toContain(reason);
  expect(`${error.message} ${error.hint}`).not.toMatch(/--new-cluster|last release/);
});

function errorOf(work: () => unknown): DisklessError {
  try {
    work();
  } catch (error) {
    if (error instanceof DisklessError) return error;
  }
  throw new Error('nothing of ours was thrown');
}
