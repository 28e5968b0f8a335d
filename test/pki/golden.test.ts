import { describe, expect, it } from 'vitest';
import { controlPlanes } from '../../src/config/spec.js';
import type { DesiredFile } from '../../src/node/desired.js';
import { ONE_CONTROL_PLANE, openStore, specFor, temporaryPki } from './fixture.js';

function textOf(files: DesiredFile[], path: string): string {
  const found = files.find((file) => file.path === path);
  if (found?.content.kind !== 'text') throw new Error(`${path} is not among the node's files`);
  return found.content.text;
}

describe("a node's files", () => {
  it('gives every component a kubeconfig that names its credentials by path', async () => {
    const spec = specFor(ONE_CONTROL_PLANE);
    const store = await openStore(await temporaryPki(), { mode: 'memory' });
    await store.ensure({ spec, nodes: ONE_CONTROL_PLANE });
    const [node] = controlPlanes(spec);
    if (!node) throw new Error('no control plane');
    const files = store.nodeFiles({ spec, node });
    for (const component of ['kubelet', 'kube-proxy', 'kube-controller-manager', 'kube-scheduler']) {
      const text = textOf(files, `/etc/kubernetes/${component}.kubeconfig`);
      await expect(text).toMatchFileSnapshot(`../golden/pki/${component}.kubeconfig.yaml`);
    }
  });

  it('encrypts secrets at rest with a generated key', async () => {
    const spec = specFor(ONE_CONTROL_PLANE);
    const store = await openStore(await temporaryPki(), { mode: 'memory' });
    await store.ensure({ spec, nodes: ONE_CONTROL_PLANE });
    const files = store.nodeFiles({ spec, node: { name: 's4', role: 'control-plane' } });
    const text = textOf(files, '/etc/kubernetes/pki/encryption-config.yaml');
    await expect(text).toMatchFileSnapshot('../golden/pki/encryption-config.yaml');
  });
});
