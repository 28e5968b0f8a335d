import { describe, expect, it } from 'vitest';
import { CLIENTS, PKI, pathsIn } from '../../src/components/pki-paths.js';
import type { Role } from '../../src/config/spec.js';
import { ONE_CONTROL_PLANE, openStore, specFor, temporaryPki } from './fixture.js';

const spec = specFor(ONE_CONTROL_PLANE);

async function deliveredTo(name: string, role: Role): Promise<string[]> {
  const store = await openStore(await temporaryPki(), { mode: 'memory' });
  await store.ensure({ spec, nodes: ONE_CONTROL_PLANE });
  return store.nodeFiles({ spec, node: { name, role } }).map(({ path }) => path);
}

describe('nodeFiles', () => {
  it('puts on a control plane exactly what its components read', async () => {
    const read = [...pathsIn(PKI), ...pathsIn(CLIENTS)];
    await expect(deliveredTo('s4', 'control-plane')).resolves.toEqual(read.sort());
  });

  it('puts on a worker exactly what kubelet, kube-proxy and the API address read', async () => {
    const read = [PKI.ca, ...pathsIn(PKI.kubelet), ...pathsIn(CLIENTS.kubelet), ...pathsIn(CLIENTS.kubeProxy)];
    await expect(deliveredTo('s5', 'worker')).resolves.toEqual(read.sort());
  });
});
