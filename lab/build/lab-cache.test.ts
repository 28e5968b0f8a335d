import { homedir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { labCacheRoot } from './lab-cache.js';

describe('labCacheRoot', () => {
  it.each([
    [{ K8S_DISKLESS_LAB_CACHE: '/a', XDG_CACHE_HOME: '/b' }, '/a'],
    [{ K8S_DISKLESS_LAB_CACHE: '/a/' }, '/a'],
    [{ XDG_CACHE_HOME: '/b' }, '/b/k8s-diskless-lab'],
    [{ XDG_CACHE_HOME: '' }, `${homedir()}/.cache/k8s-diskless-lab`],
  ])('%j -> %s', (env, root) => expect(labCacheRoot(env)).toBe(root));
});
