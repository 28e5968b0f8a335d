import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { artifactFile } from '../../src/components/artifact-file.js';
import { containerd } from '../../src/components/containerd.js';
import { kubeProxy } from '../../src/components/kube-proxy.js';
import { kubelet } from '../../src/components/kubelet.js';
import { mergeConfig } from '../../src/components/merge-config.js';
import { EXIT } from '../../src/errors.js';
import { contextOf, flatcar, LAB } from './fixture.js';
import { textAt } from './unit-commands.js';

const NEW = { kubernetes: '1.37.2', controlPlanes: 1, traits: flatcar('2.2.5') } as const;
const kubeletYaml = (context: ReturnType<typeof contextOf>) =>
  parse(textAt([kubelet(context)], '/etc/kubernetes/kubelet.yaml'));

describe('kubelet configuration', () => {
  it('has no more pods than the node has addresses', () => {
    const context = contextOf('s7', NEW);
    expect(kubeletYaml({ ...context, node: { ...context.node, podCidr: '10.244.1.0/27' } }).maxPods).toBe(29);
    expect(kubeletYaml(context).maxPods).toBe(110);
  });

  it.each([
    [1, '100Mi'],
    [4, '204Mi'],
    [64, '500Mi'],
  ])('with %i GiB keeps %s free', (gibibytes, expected) => {
    const context = contextOf('s7', { ...NEW, traits: { ...NEW.traits, memTotalBytes: gibibytes * 1024 ** 3 } });
    expect(kubeletYaml(context).evictionHard['memory.available']).toBe(expected);
  });

  it('names every eviction threshold on every version, since naming one switches the others off', () => {
    for (const kubernetes of ['1.32.13', '1.37.2']) {
      expect(Object.keys(kubeletYaml(contextOf('s7', { ...NEW, kubernetes })).evictionHard)).toHaveLength(5);
    }
  });

  it('gives pods three nameservers at most', () => {
    const nameservers = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'];
    const { resolvConf: _, ...traits } = { ...NEW.traits, nameservers };
    const output = kubelet(contextOf('s7', { ...NEW, traits }));
    expect(textAt([output], '/etc/kubernetes/resolv.conf')).toBe(
      'nameserver 10.0.0.1\nnameserver 10.0.0.2\nnameserver 10.0.0.3\n',
    );
    expect(output.units[0]?.inputs).toContain('/etc/kubernetes/resolv.conf');
  });
});

describe('extra configuration', () => {
  it('is merged into objects and replaces everything else', () => {
    const base = { a: { b: 1, c: [1, 2] }, d: 'x' };
    expect(mergeConfig(base, { a: { c: [3] }, d: null, e: {} })).toEqual({ a: { b: 1, c: [3] }, d: null, e: {} });
    expect(base).toEqual({ a: { b: 1, c: [1, 2] }, d: 'x' });
  });
});

describe('kube-proxy configuration', () => {
  const yaml = (context: ReturnType<typeof contextOf>) =>
    parse(textAt([kubeProxy(context)], '/etc/kubernetes/kube-proxy.yaml'));

  it('leaves conntrack alone only where it cannot be set', () => {
    expect(yaml(contextOf('s7', { ...NEW, traits: LAB })).conntrack).toMatchObject({ maxPerCore: 0, min: 0 });
    expect(yaml(contextOf('s7', NEW))).not.toHaveProperty('conntrack');
  });
});

describe('containerd configuration', () => {
  it('restarts for a changed conflist, which a running containerd would miss', () => {
    expect(containerd(contextOf('s7', NEW)).units[0]?.inputs).toContain(
      '/etc/cni/k8s-diskless/10-k8s-diskless.conflist',
    );
  });
});

describe('artifacts', () => {
  it('that nobody prepared are a bug of ours, named with the node', () => {
    const context = { ...contextOf('s7', NEW), artifacts: new Map() };
    expect(() => artifactFile(context, 'kubelet')).toThrow(expect.objectContaining({ host: 's7', exit: EXIT.bug }));
  });
});
