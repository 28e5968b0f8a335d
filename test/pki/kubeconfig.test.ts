import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ONE_CONTROL_PLANE, openStore, specFor, THREE_NODES, temporaryPki } from './fixture.js';

const spec = specFor(THREE_NODES);

async function threeControlPlanes() {
  const store = await openStore(await temporaryPki(), { mode: 'memory' });
  await store.ensure({ spec, nodes: THREE_NODES });
  return store;
}

describe('the administrator kubeconfig', () => {
  it('has a context for each control plane, the first being current', async () => {
    const config = parse((await threeControlPlanes()).adminKubeconfig({ spec, nodes: THREE_NODES }));
    expect(config['current-context']).toBe('default-s4');
    expect(config.contexts).toEqual(
      ['s4', 's5', 's6'].map((name) => ({
        name: `default-${name}`,
        context: { cluster: `default-${name}`, user: 'default-admin' },
      })),
    );
    expect(config.clusters.map(({ cluster }: { cluster: { server: string } }) => cluster.server)).toEqual([
      'https://10.146.225.4:6443',
      'https://10.146.225.5:6443',
      'https://10.146.225.6:6443',
    ]);
  });

  it('carries the credentials the operator uses itself', async () => {
    const store = await threeControlPlanes();
    const config = parse(store.adminKubeconfig({ spec, nodes: THREE_NODES }));
    const { kubernetes } = await store.operatorIdentities();
    const decode = (data: string) => Buffer.from(data, 'base64').toString();
    const [{ user }] = config.users;
    expect(decode(user['client-certificate-data'])).toBe(kubernetes.cert);
    expect(decode(user['client-key-data'])).toBe(kubernetes.key);
    for (const { cluster } of config.clusters) {
      expect(decode(cluster['certificate-authority-data'])).toBe(kubernetes.ca);
    }
  });

  it('is the same text every time', async () => {
    const store = await threeControlPlanes();
    const text = store.adminKubeconfig({ spec, nodes: THREE_NODES });
    await store.ensure({ spec, nodes: THREE_NODES });
    expect(store.adminKubeconfig({ spec, nodes: THREE_NODES })).toBe(text);
  });

  it('leaves workers out', async () => {
    const config = parse((await threeControlPlanes()).adminKubeconfig({ spec, nodes: ONE_CONTROL_PLANE }));
    expect(config.contexts).toHaveLength(1);
  });
});
