import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { addToKubeconfig } from '../../src/app/add-to-kubeconfig.js';
import { mergeKubeconfig } from '../../src/kube/merge-kubeconfig.js';

/** As `up` writes it. @param authority of the cluster */
function ours(authority = 'own', servers = ['s4', 's5']): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: servers.map((name) => ({
      name: `lab-${name}`,
      cluster: { server: `https://${name}:6443`, 'certificate-authority-data': authority },
    })),
    contexts: servers.map((name) => ({
      name: `lab-${name}`,
      context: { cluster: `lab-${name}`, user: 'lab-admin' },
    })),
    users: [{ name: 'lab-admin', user: { 'client-key-data': 'secret' } }],
    'current-context': `lab-${servers[0]}`,
  });
}

const THEIRS = `# my clusters
apiVersion: v1
kind: Config
current-context: work
preferences: {}
clusters:
  # at work
  - name: work
    cluster: { server: https://work, certificate-authority-data: theirs }
contexts:
  - name: work
    context: { cluster: work, user: me }
users:
  - name: me
    user: { token: t }
`;

const merge = (text: string | undefined, own = ours(), name?: string) =>
  mergeKubeconfig({ file: 'config', text, own, ...(name !== undefined && { name }) });
const namesOf = (text: string): Record<string, string[]> => {
  const config = parse(text) as Record<string, { name: string }[]>;
  return Object.fromEntries(
    ['clusters', 'contexts', 'users'].map((kind) => [kind, (config[kind] ?? []).map(({ name }) => name)]),
  );
};

describe('a kubeconfig among others', () => {
  it('is all there is where there was none', () => {
    const { text, context } = merge(undefined);
    expect(context).toBe('lab-s4');
    expect(parse(text)).toMatchObject({ ...parse(ours()), 'current-context': 'lab-s4' });
    expect(merge('').text).toBe(text);
  });

  it('leaves what is of others, with comments, and the context that was chosen', () => {
    const { text } = merge(THEIRS);
    expect(text).toContain('# my clusters');
    expect(text).toContain('# at work');
    expect(parse(text)['current-context']).toBe('work');
    expect(namesOf(text)).toEqual({
      clusters: ['work', 'lab-s4', 'lab-s5'],
      contexts: ['work', 'lab-s4', 'lab-s5'],
      users: ['me', 'lab-admin'],
    });
    expect(parse(text).clusters[0]).toEqual(parse(THEIRS).clusters[0]);
  });

  it('replaces its own of before, and no others', () => {
    const before = merge(THEIRS).text;
    const { text } = merge(before, ours().replaceAll('https://s4', 'https://s9'));
    expect(namesOf(text)).toEqual(namesOf(before));
    expect(text).toContain('https://s9:6443');
    expect(merge(text).text).toBe(before);
  });

  it('does not take the place of another cluster’s entries, and has another name then', () => {
    const before = merge(THEIRS, ours('another')).text;
    expect(() => merge(before)).toThrow(
      expect.objectContaining({ code: 'kubeconfig-name-taken', message: expect.stringContaining('lab-s4') }),
    );
    const { text, context } = merge(before, ours(), 'mine');
    expect(context).toBe('mine');
    expect(namesOf(text)).toEqual({
      clusters: ['work', 'lab-s4', 'lab-s5', 'mine-s4', 'mine-s5'],
      contexts: ['work', 'lab-s4', 'lab-s5', 'mine', 'mine-s5'],
      users: ['me', 'lab-admin', 'mine-admin'],
    });
    expect(parse(text).contexts[3]).toEqual({ name: 'mine', context: { cluster: 'mine-s4', user: 'mine-admin' } });
    expect(merge(text, ours(), 'mine').text).toBe(text);
  });

  it.each(['a: [', '- a list', 'clusters: none', 'just text'])('is not added to what is none: %j', (text) => {
    expect(() => merge(text)).toThrow(expect.objectContaining({ code: 'kubeconfig-unreadable', exit: 2 }));
  });
});

describe('the file that kubectl reads', () => {
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'kubeconfig-'));
  });
  afterEach(() => rmSync(home, { recursive: true }));
  const add = (to: string | undefined, env: NodeJS.ProcessEnv = {}) => addToKubeconfig({ own: ours(), to, env });

  it('is made, for its owner alone, in a directory that is made too', async () => {
    const file = join(home, 'deep', 'config');
    expect(await add(file)).toMatchObject({ file, context: 'lab-s4' });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(existsSync(`${file}.lock`)).toBe(false);
  });

  it('is the first of $KUBECONFIG; what was there is kept beside it, and a link stays one', async () => {
    const real = join(home, 'real');
    const link = join(home, 'link');
    writeFileSync(real, THEIRS, { mode: 0o640 });
    symlinkSync(real, link);
    expect((await add(undefined, { KUBECONFIG: `:${link}:/elsewhere` })).file).toBe(real);
    expect(readFileSync(link, 'utf8')).toContain('lab-s5');
    expect(readFileSync(`${real}.before-k8s-diskless`, 'utf8')).toBe(THEIRS);
    expect(statSync(real).mode & 0o777).toBe(0o600);
  });

  it('is left as it is while kubectl writes it, and where it cannot be added to', async () => {
    const file = join(home, 'config');
    writeFileSync(file, THEIRS);
    writeFileSync(`${file}.lock`, '');
    await expect(add(file)).rejects.toMatchObject({ code: 'kubeconfig-locked', exit: 5 });
    rmSync(`${file}.lock`);
    writeFileSync(file, 'a: [');
    await expect(add(file)).rejects.toMatchObject({ code: 'kubeconfig-unreadable' });
    expect(readFileSync(file, 'utf8')).toBe('a: [');
    expect(existsSync(`${file}.lock`)).toBe(false);
    await expect(add('/proc/config')).rejects.toMatchObject({ code: 'kubeconfig-unwritable', exit: 2 });
  });
});
