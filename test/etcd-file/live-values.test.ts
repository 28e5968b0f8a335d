import { expect, it } from 'vitest';
import { kubernetesName } from '../../src/etcd-file/kubernetes-name.js';
import { type LiveValue, liveValues } from '../../src/etcd-file/live-values.js';
import { type FixtureName, fixture, withDatabase } from './fixture.js';
import { uidOf } from './kubernetes-values.js';
import { LIVE_PODS, LONG_VALUE, SAMPLE_KEYS } from './sample-store.js';

const valuesBelow = (prefix: string, name: FixtureName = 'snapshot-3.7') =>
  withDatabase(fixture(name), async (database) => {
    const found: LiveValue[] = [];
    for await (const value of liveValues({ database, prefix })) found.push(value);
    return found;
  });

it('gives those below a prefix, by ascending key, as they were put last', async () => {
  const pods = await valuesBelow('/registry/pods/');
  expect(pods.map(({ key }) => key)).toEqual(LIVE_PODS.map((name) => `/registry/pods/default/${name}`));
  expect(pods[0]).toMatchObject({ createRevision: '2', modRevision: '14', version: '2', lease: '0' });
  expect(pods.map(({ value }) => kubernetesName(value))).toEqual(
    LIVE_PODS.map((name) => ({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name, uid: uidOf(name) })),
  );
});

it('gives a value over many pages byte for byte', async () => {
  const [long] = await valuesBelow('/registry/configmaps/default/long');
  expect(long?.value.equals(LONG_VALUE)).toBe(true);
});

it('gives all 64 bits of a lease', async () => {
  const events = await valuesBelow('/registry/events/');
  expect(events).toHaveLength(5);
  expect(BigInt(events[0]?.lease ?? 0)).toBeGreaterThan(BigInt(Number.MAX_SAFE_INTEGER));
});

it('gives all without a prefix, but not the mark of a restore', async () => {
  expect(await valuesBelow('', 'bumped-3.7')).toHaveLength(SAMPLE_KEYS);
});

it('ends with the reason of its signal', async () => {
  const values = withDatabase(fixture('snapshot-3.7'), async (database) => {
    const signal = AbortSignal.abort(new Error('enough'));
    for await (const _ of liveValues({ database, prefix: '', signal }));
  });
  await expect(values).rejects.toThrow('enough');
});
