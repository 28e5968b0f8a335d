import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashOfUsers } from '../../src/users/apply-users.js';
import { mergeUsers } from '../../src/users/merge-users.js';
import { readUsersFile } from '../../src/users/read-users-file.js';
import { certificateSubject } from '../../src/users/user-names.js';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'users-'));
});
afterAll(() => rm(directory, { recursive: true }));

async function read(name: string, text: string) {
  const file = join(directory, name);
  await writeFile(file, text);
  return readUsersFile(file);
}

const problemsOf = (name: string, text: string): Promise<string> =>
  read(name, text).then(
    () => '',
    (error) => `${error.message}\n${error.detail ?? ''}`,
  );

describe('the signer', () => {
  const subject = { cluster: 'lab', user: 'ada', group: 'algebra', namespace: 'ada', generation: 2 };

  it('names the generation, which is what rights are bound to', () => {
    expect(certificateSubject(subject)).toEqual({ commonName: 'ada', organizations: ['lab:g:algebra', 'lab:u:ada:2'] });
  });

  it.each(['system:masters', 'system', 'kube-system', 'kubernetes-admin', 'default', 'Ada', 'a b', '', 'k8s-diskless'])(
    'issues nothing for %j',
    (name) => {
      const refused = expect.objectContaining({ code: 'user-name-reserved' });
      expect(() => certificateSubject({ ...subject, user: name })).toThrow(refused);
      expect(() => certificateSubject({ ...subject, group: name })).toThrow(refused);
      expect(() => certificateSubject({ ...subject, namespace: name })).toThrow(refused);
    },
  );

  it('issues nothing in the groups of Kubernetes or without a generation', () => {
    const refused = expect.objectContaining({ code: 'user-name-reserved' });
    expect(() => certificateSubject({ ...subject, cluster: 'system' })).toThrow(refused);
    expect(() => certificateSubject({ ...subject, generation: 0 })).toThrow(refused);
  });
});

describe('a file of users', () => {
  const defaults = { cpu: '2', memory: '2Gi', storage: '2Gi', pods: '20' };

  it('says the same as CSV and as YAML', async () => {
    const ada = { name: 'ada', group: 'users', namespace: 'ada', quota: defaults, podSecurity: 'restricted' };
    const bob = { ...ada, name: 'bob', namespace: 'b', quota: { ...defaults, cpu: '4' }, podSecurity: 'baseline' };
    const csv = '\ufeffname,namespace,quota,pod-security\nada,,,\n"bob",b,cpu=4,baseline\n';
    expect(await read('a.csv', csv)).toEqual([ada, bob]);
    const yaml = '- name: ada\n- { name: bob, namespace: b, quota: { cpu: 4 }, podSecurity: baseline }\n';
    expect(await read('a.yaml', yaml)).toEqual([ada, bob]);
  });

  it.each([
    ['name\nada\nkube-x\n', 'a.csv:3 name'],
    ['name,quota\nada,cpu=much\n', 'a.csv:2 quota.cpu'],
    ['name,quota\nada,lots\n', 'a.csv:2 quota'],
    ['name,quota\nada,disk=3\n', 'a.csv:2 quota'],
    ['name,pod-security\nada,privileged\n', 'a.csv:2 podSecurity'],
    ['name\nada\nada\n', 'a.csv:3 name ada is that of'],
    ['name,namespace\nada,x\nbob,x\n', 'a.csv:3 namespace x is that of'],
    ['name,group\nada\n', 'a.csv:2'],
    ['name\n', 'a.csv'],
  ])('of %j: each place is named', async (text, place) => {
    expect(await problemsOf('a.csv', text)).toContain(place);
  });
});

describe('what is recorded', () => {
  const quota = { cpu: '2', memory: '2Gi', storage: '2Gi', pods: '20' };
  const ada = { name: 'ada', group: 'g', namespace: 'ada', quota, podSecurity: 'restricted' as const };
  const issued = [{ serial: '1', notAfter: '2027-01-01T00:00:00.000Z' }];
  const known = { ...ada, generation: 3, removed: false, issued };

  it('keeps who is not named, and the generation of who is', () => {
    const bob = { ...ada, name: 'bob', namespace: 'bob' };
    expect(mergeUsers([known], [bob])).toEqual([known, { ...bob, generation: 1, removed: false, issued: [] }]);
    expect(mergeUsers([known], [{ ...ada, group: 'h' }])).toEqual([{ ...known, group: 'h' }]);
  });

  it('gives a removed name that comes back the next generation', () => {
    const back = mergeUsers([{ ...known, removed: true }], [ada]);
    expect(back).toEqual([{ ...ada, generation: 4, removed: false, issued: [] }]);
  });

  it('is the same to the cluster whatever order its keys are in, and whatever was issued', () => {
    const { name, ...rest } = { ...known, issued: [] };
    const turned = { ...rest, name };
    expect(hashOfUsers({ users: [turned] }, false)).toBe(hashOfUsers({ users: [known] }, false));
    expect(hashOfUsers({ users: [{ ...known, generation: 4 }] }, false)).not.toBe(
      hashOfUsers({ users: [known] }, false),
    );
  });

  it('moves nobody, and gives no namespace twice', () => {
    expect(() => mergeUsers([known], [{ ...ada, namespace: 'other' }])).toThrow(
      expect.objectContaining({ code: 'user-namespace-changed' }),
    );
    // What an older snapshot brings back of a removed name is found under the namespace that it had.
    expect(() => mergeUsers([{ ...known, removed: true }], [{ ...ada, namespace: 'other' }])).toThrow(
      expect.objectContaining({ code: 'user-namespace-changed' }),
    );
    expect(() => mergeUsers([known], [{ ...ada, name: 'eve' }])).toThrow(
      expect.objectContaining({ code: 'user-namespace-taken' }),
    );
  });
});
