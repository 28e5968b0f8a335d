import { expect, it } from 'vitest';
import { isWholeReference, normalizeReference } from '../../src/artifacts/image-reference.js';

it.each([
  ['busybox', 'docker.io/library/busybox:latest'],
  ['busybox:1.36', 'docker.io/library/busybox:1.36'],
  ['flannel/flannel:v0.28.9', 'docker.io/flannel/flannel:v0.28.9'],
  ['registry.k8s.io/pause:3.6', 'registry.k8s.io/pause:3.6'],
  ['localhost/echo', 'localhost/echo:latest'],
  ['mirror:5000/echo', 'mirror:5000/echo:latest'],
  ['k8s-diskless.test/echo:1', 'k8s-diskless.test/echo:1'],
  ['registry.k8s.io/coredns/coredns@sha256:abc', 'registry.k8s.io/coredns/coredns@sha256:abc'],
])('takes %s for %s', (name, expected) => {
  expect(normalizeReference(name)).toBe(expected);
});

it('tells a tag from a whole reference', () => {
  expect(['3.6', 'latest', ''].filter(isWholeReference)).toEqual([]);
  expect(isWholeReference('registry.k8s.io/pause:3.6')).toBe(true);
});
