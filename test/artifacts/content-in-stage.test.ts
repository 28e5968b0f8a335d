import { expect, it } from 'vitest';
import { contentInStage } from '../../src/artifacts/content-in-stage.js';
import { UPGRADE_STAGES, type UpgradeStage } from '../../src/config/upgrade-stages.js';
import type { ContentSource } from '../../src/delivery/content-source.js';

const NAMES = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'kube-proxy',
  'bridge',
];

function contentOf(version: string): ContentSource {
  return {
    artifacts: async () => new Map(NAMES.map((name) => [name, { sha256: `${version} ${name}`, size: 1 }])),
    member: async (sha256: string) => ({ bytes: 1, read: () => Promise.reject(new Error(`${version} has ${sha256}`)) }),
  } as unknown as ContentSource;
}

it.each<[UpgradeStage, number]>([
  ['etcd', 1],
  ['kube-apiserver', 2],
  ['controllers', 4],
  ['nodes', 7],
  ['dns', 7],
])('in the stage %s the first %i binaries are new', async (stage, count) => {
  const content = contentInStage({ upgrade: { stage }, from: contentOf('old'), to: contentOf('new') });
  const artifacts = await content.artifacts('amd64');
  const expected = NAMES.map((name, index) => `${index < count ? 'new' : 'old'} ${name}`);
  expect(NAMES.map((name) => artifacts.get(name)?.sha256)).toEqual(expected);
  expect(UPGRADE_STAGES).toContain(stage);
});

it('each binary is read where it comes from', async () => {
  const content = contentInStage({ upgrade: { stage: 'etcd' }, from: contentOf('old'), to: contentOf('new') });
  await content.artifacts('amd64');
  const readerOf = async (sha256: string) => {
    const { read } = await content.member(sha256, 'gzip');
    return Promise.resolve(read() as unknown).then(String, (error: Error) => error.message);
  };
  expect(await readerOf('new etcd')).toBe('new has new etcd');
  expect(await readerOf('old kubelet')).toBe('old has old kubelet');
});
