import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { DisklessError } from '../../src/errors.js';
import { createEtcdGateway, type EtcdGateway, type EtcdMember } from '../../src/etcd/gateway.js';
import { createHttpsChannel } from '../../src/http/https-channel.js';
import { createOpensslPki } from '../helpers/openssl-pki.js';
import { useEtcd } from './use-etcd.js';

const etcd = useEtcd();
const { startMembers } = etcd;

const gateway = (name: string): EtcdGateway => etcd.member(name).gateway;
const brief = ({ name, isLearner, clientUrls }: EtcdMember) => [name, isLearner, clientUrls.length];

/** Repeats while etcd answers with codes that pass by themselves; the test's own timeout is the limit. */
async function insist<T>(passing: readonly string[], attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof DisklessError) || !passing.includes(error.code)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** While a leader is chosen, which a machine that stands still for a moment may bring about. */
const PASSING = ['etcd-no-leader', 'etcd-timeout', 'etcd-unavailable'];

/** Until the survivors have a leader again, which they cannot know at once when the dead member was it. */
function quorumProven(name: string) {
  const read = () => gateway(name).linearizableRead({ timeoutMs: 1_000 });
  return insist(PASSING, read);
}

describe('one member', () => {
  test('reads, describes itself and keeps 64-bit identifiers exact', async () => {
    await startMembers('s4');
    const header = await gateway('s4').linearizableRead();
    const status = await gateway('s4').status();
    const [member] = await gateway('s4').memberList();
    expect(header).toMatchObject({ memberId: member?.id, clusterId: status.header.clusterId, revision: '1' });
    expect(status).toMatchObject({ leader: member?.id, isLearner: false, errors: [] });
    expect(status.version).toMatch(/^3\.\d+\.\d+/);
    expect(status.dbSizeBytes).toBeGreaterThan(0);
    expect(BigInt(member?.id ?? 0)).toBeGreaterThan(BigInt(Number.MAX_SAFE_INTEGER));
    expect(member && brief(member)).toEqual(['s4', false, 1]);
  });

  test('refusals have codes of their own', async () => {
    await startMembers('s4');
    const { memberAdd, memberRemove, memberPromote, memberList } = gateway('s4');
    const [self] = await memberList();
    const url = (port: number) => ({ peerUrls: [`http://127.0.0.1:${port}`], learner: true });
    await expect(memberRemove('123')).rejects.toMatchObject({ code: 'etcd-not-found', host: 's4' });
    await expect(memberPromote('123')).rejects.toMatchObject({ code: 'etcd-not-found' });
    await expect(memberPromote(self?.id ?? '')).rejects.toMatchObject({ code: 'etcd-not-a-learner' });
    await expect(memberAdd({ peerUrls: ['nonsense'], learner: true })).rejects.toMatchObject({ code: 'etcd-invalid' });
    const added = await memberAdd(url(1));
    expect(brief(added)).toEqual(['', true, 0]);
    await expect(memberAdd(url(2))).rejects.toMatchObject({
      code: 'etcd-too-many-learners',
      message: 'etcd of s4 refused member add: etcdserver: too many learner members in cluster',
    });
    await expect(memberPromote(added.id)).rejects.toMatchObject({ code: 'etcd-learner-not-ready' });
    await memberRemove(added.id);
    expect((await memberList()).map(brief)).toEqual([['s4', false, 1]]);
  });

  test('a learner answers for itself only, and is promoted once it has caught up', async () => {
    await startMembers('s4');
    const newcomer = await etcd.newcomer('s5');
    const { id } = await gateway('s4').memberAdd({ peerUrls: [newcomer.peerUrl], learner: true });
    await newcomer.start({ state: 'existing', others: [etcd.member('s4')] });
    expect(await newcomer.gateway.status()).toMatchObject({ isLearner: true, header: { memberId: id } });
    await expect(newcomer.gateway.linearizableRead()).rejects.toMatchObject({ code: 'etcd-is-learner' });
    await insist([...PASSING, 'etcd-learner-not-ready'], () => gateway('s4').memberPromote(id));
    await insist([...PASSING, 'etcd-is-learner'], () => newcomer.gateway.linearizableRead());
    expect((await newcomer.gateway.memberList()).map(brief).toSorted()).toEqual([
      ['s4', false, 1],
      ['s5', false, 1],
    ]);
  });

  test('a member that is gone is unreachable or lost, and no read proves anything', async () => {
    await startMembers('s4');
    await gateway('s4').linearizableRead();
    await etcd.member('s4').kill();
    const failure: unknown = await gateway('s4')
      .linearizableRead()
      .catch((error) => error);
    expect(failure).toMatchObject({ code: 'etcd-unreachable', host: 's4' });
  });

  test('without a client certificate of its authority there is no answer', async () => {
    await startMembers('s4');
    const foreign = createOpensslPki();
    const tls = { ...foreign.issue('operator'), ca: etcd.pki.issue('operator').ca };
    const { port } = new URL((await gateway('s4').memberList())[0]?.clientUrls[0] ?? '');
    const stranger = createEtcdGateway({
      node: 's4',
      serverName: '127.0.0.1',
      tls,
      connect: async () => connect(Number(port), '127.0.0.1'),
    });
    await expect(stranger.linearizableRead()).rejects.toMatchObject({ code: 'etcd-connection-lost' });
    stranger.close();
    foreign.remove();
  });
});

/** What the product never asks for: `kv/put` and the like, by the gateway of a member. @returns status and answer */
async function asked(name: string, method: string, body: object): Promise<{ status: number; answer: unknown }> {
  const channel = createHttpsChannel({ service: 'etcd', ...etcd.member(name).grpc });
  try {
    const headers = { 'content-type': 'application/json' };
    const request = { method: 'POST', path: `/v3/${method}`, headers, body: JSON.stringify(body) };
    const { status, text } = await channel.request(request);
    return { status, answer: JSON.parse(text) };
  } finally {
    channel.close();
  }
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const put = (name: string, key: string) => asked(name, 'kv/put', { key: base64(key), value: base64('x') });

async function allKeys(name: string): Promise<string[]> {
  const everything = { key: 'AA==', range_end: 'AA==', keys_only: true };
  const { answer } = await asked(name, 'kv/range', everything);
  const { kvs = [] } = answer as { kvs?: { key: string }[] };
  return kvs.map(({ key }) => Buffer.from(key, 'base64').toString());
}

describe('a database that was restored', () => {
  test('loses exactly the keys that begin so, also where there are none', async () => {
    await startMembers('s4');
    const gone = ['/registry/masterleases/', '/registry/masterleases/10.0.0.4', '/registry/masterleases/~\u{10ffff}'];
    const kept = [
      '/registry/masterlease',
      '/registry/masterleases',
      '/registry/masterleases0',
      '/registry/minions/s4',
      'masterleases/',
    ];
    for (const key of [...gone, ...kept]) expect((await put('s4', key)).status).toBe(200);
    await gateway('s4').deletePrefix('/registry/masterleases/');
    expect(await allKeys('s4')).toEqual(kept);
    const { revision } = await gateway('s4').linearizableRead();
    await gateway('s4').deletePrefix('/registry/masterleases/');
    expect(await allKeys('s4')).toEqual(kept);
    expect((await gateway('s4').linearizableRead()).revision).toBe(revision);
  });

  test('is written to again once the alarms for want of space are taken back, of whichever members', async () => {
    await startMembers('s4');
    const { disarmNoSpace, memberList } = gateway('s4');
    await disarmNoSpace();
    const [self] = await memberList();
    for (const memberID of [self?.id, '123'])
      await asked('s4', 'maintenance/alarm', { action: 'ACTIVATE', memberID, alarm: 'NOSPACE' });
    expect((await put('s4', 'a')).status).not.toBe(200);
    await disarmNoSpace();
    expect((await put('s4', 'a')).status).toBe(200);
    expect((await asked('s4', 'maintenance/alarm', { action: 'GET' })).answer).not.toHaveProperty('alarms');
  });

  test('keeps an alarm of another kind', async () => {
    await startMembers('s4');
    for (const alarm of ['NOSPACE', 'CORRUPT'])
      await asked('s4', 'maintenance/alarm', { action: 'ACTIVATE', memberID: '123', alarm });
    await gateway('s4').disarmNoSpace();
    const { answer } = await asked('s4', 'maintenance/alarm', { action: 'GET' });
    expect(answer).toMatchObject({ alarms: [{ memberID: '123', alarm: 'CORRUPT' }] });
    expect((await gateway('s4').status()).errors).toHaveLength(1);
  });
});

describe('whom a member knows, by its peer port', () => {
  const known = (name: string) => insist(['etcd-unreachable', 'etcd-connection-lost'], () => etcd.member(name).known());

  test('is told without a quorum, and by one that was just started and serves nobody yet', async () => {
    await startMembers('s4', 's5', 's6');
    const listed = await gateway('s4').memberList();
    await etcd.member('s5').kill();
    await etcd.member('s6').kill();
    expect(await known('s4')).toEqual(listed);
    await etcd.member('s4').kill();
    etcd.member('s4').launch();
    expect((await known('s4')).map(({ name }) => name).toSorted()).toEqual(['s4', 's5', 's6']);
    await expect(gateway('s4').memberList({ timeoutMs: 1_000 })).rejects.toThrow();
  });

  test('is told by a learner, which its client port refuses', async () => {
    await startMembers('s4');
    const newcomer = await etcd.newcomer('s5');
    await gateway('s4').memberAdd({ peerUrls: [newcomer.peerUrl], learner: true });
    await newcomer.start({ state: 'existing', others: [etcd.member('s4')] });
    await expect(newcomer.gateway.memberList()).rejects.toMatchObject({ code: 'etcd-is-learner' });
    const told = (await newcomer.known()).map(({ name, isLearner }) => [name, isLearner]);
    expect(told.toSorted()).toEqual([
      ['s4', false],
      ['s5', true],
    ]);
  });
});

describe('three members', () => {
  test('tell each other where one of them is from now on', async () => {
    await startMembers('s4', 's5', 's6');
    const { memberList, memberUpdate } = gateway('s4');
    const id = (await memberList()).find(({ name }) => name === 's6')?.id ?? '';
    await insist(PASSING, () => memberUpdate(id, ['https://127.0.0.2:2380']));
    const told = (await insist(PASSING, () => memberList())).find(({ name }) => name === 's6');
    expect(told).toMatchObject({ id, peerUrls: ['https://127.0.0.2:2380'] });
  });

  test('another one leads when the leader is asked for it', async () => {
    await startMembers('s4', 's5', 's6');
    const { leader = '' } = await insist(PASSING, async () => {
      const status = await gateway('s4').status();
      if (status.leader === undefined) throw new DisklessError({ code: 'etcd-no-leader', message: 'nobody leads yet' });
      return status;
    });
    const members = await gateway('s4').memberList();
    const leading = members.find(({ id }) => id === leader)?.name ?? '';
    const other = members.find(({ id }) => id !== leader)?.id ?? '';
    await gateway(leading).moveLeader(other);
    expect((await gateway(leading).status()).leader).toBe(other);
  });

  test('with two alive reads are proven; with one, only its own status is told', async () => {
    await startMembers('s4', 's5', 's6');
    expect((await gateway('s5').memberList()).map(({ name }) => name).toSorted()).toEqual(['s4', 's5', 's6']);
    await etcd.member('s6').kill();
    await quorumProven('s4');
    await etcd.member('s5').kill();
    const read = gateway('s4').linearizableRead({ timeoutMs: 3_000 });
    await expect(read).rejects.toMatchObject({ code: expect.stringMatching(/^etcd-(timeout|no-leader|unavailable)$/) });
    expect(await gateway('s4').status()).toMatchObject({ isLearner: false });
  });

  test('a member that lost its data is replaced: removed, added as a learner, promoted', async () => {
    await startMembers('s4', 's5', 's6');
    await etcd.member('s6').kill();
    const { memberList, memberRemove, memberAdd, memberPromote } = gateway('s4');
    // With the leader gone, who asks first may be told so.
    const dead = (await insist(PASSING, () => memberList())).find(({ name }) => name === 's6');
    await quorumProven('s4');
    await insist(PASSING, () => memberRemove(dead?.id ?? ''));
    const reborn = await etcd.newcomer('s6');
    // etcd adds nobody until it has been connected to all remaining voters for 5 s.
    const added = await insist([...PASSING, 'etcd-unhealthy-cluster'], () =>
      memberAdd({ peerUrls: [reborn.peerUrl], learner: true }),
    );
    expect(added.id).not.toBe(dead?.id);
    await reborn.start({ state: 'existing', others: [etcd.member('s4'), etcd.member('s5')] });
    await insist([...PASSING, 'etcd-learner-not-ready'], () => memberPromote(added.id));
    await insist([...PASSING, 'etcd-is-learner'], () => reborn.gateway.linearizableRead());
  });

  test('an unreachable voter keeps everybody from being added', async () => {
    await startMembers('s4', 's5', 's6');
    await etcd.member('s6').kill();
    await quorumProven('s4');
    const add = insist(PASSING, () => gateway('s4').memberAdd({ peerUrls: ['https://127.0.0.1:1'], learner: true }));
    await expect(add).rejects.toMatchObject({ code: 'etcd-unhealthy-cluster' });
  });
});
