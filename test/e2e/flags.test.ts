import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuilt } from '../../lab/build/ensure-built.js';
import { componentsFor } from '../../src/components/roster.js';
import { NEWEST } from '../../src/config/version-table.js';
import { contextOf, LAB, withEveryFlag } from '../components/fixture.js';
import { execStart, textAt } from '../components/unit-commands.js';

const run = promisify(execFile);
const ETCD = `etcd-v${NEWEST.etcd}-linux-amd64`;

interface Ended {
  code: number;
  stderr: string;
}

async function ended(command: string, args: string[]): Promise<Ended> {
  return run(command, args, { maxBuffer: 16 * 1024 ** 2 }).then(
    ({ stderr }) => ({ code: 0, stderr }),
    ({ code, stderr }: Ended) => ({ code, stderr }),
  );
}

describe('real binaries', () => {
  const context = { kubernetes: NEWEST.kubernetes, controlPlanes: 3, traits: LAB, spec: withEveryFlag } as const;
  const components = componentsFor(contextOf('s4', context));
  let dir: string;
  let binaries: Record<string, string>;

  beforeAll(async () => {
    const { artifacts } = await ensureBuilt({ progress: console.log });
    dir = await mkdtemp(join(tmpdir(), 'flags-'));
    await run('tar', ['-xzf', join(artifacts, `etcd/v${NEWEST.etcd}/${ETCD}.tar.gz`), '-C', dir, `${ETCD}/etcd`]);
    const names = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet', 'kube-proxy'];
    const kubernetes = join(artifacts, `kubernetes/v${NEWEST.kubernetes}/bin/linux/amd64`);
    binaries = Object.fromEntries(names.map((name) => [name, join(kubernetes, name)]));
    binaries.etcd = join(dir, ETCD, 'etcd');
  });

  afterAll(() => rm(dir, { recursive: true }));

  /** All flags are parsed, unknown ones and values of the wrong type refused, before --help ends it. */
  const parse = (name: string, extra: string[]) => {
    const [, ...flags] = execStart(components, `${name}.service`);
    return ended(binaries[name] ?? name, [...flags, ...extra, '--help']);
  };

  it.each(['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet', 'kube-proxy'])(
    'of %s take every flag of its unit',
    async (name) => {
      expect(await parse(name, [])).toMatchObject({ code: 0 });
      expect(await parse(name, ['--no-such-flag=1'])).not.toMatchObject({ code: 0 });
    },
  );

  /** Starts a daemon that reads its configuration and then stops, since a file it names is not there. */
  async function load(name: string, text: string): Promise<string> {
    const config = join(dir, `${name}.yaml`);
    await writeFile(config, text.replaceAll('/etc/kubernetes', join(dir, 'missing')));
    const args = name === 'kubelet' ? [`--root-dir=${join(dir, 'root')}`] : [];
    const { stderr } = await ended('unshare', ['--net', binaries[name] ?? name, `--config=${config}`, ...args]);
    return stderr;
  }

  it.each([
    ['kubelet', 'unable to load client CA file'],
    ['kube-proxy', 'kube-proxy.kubeconfig: no such file'],
  ])('of %s decode its configuration strictly', async (name, nextStep) => {
    const text = textAt(components, `/etc/kubernetes/${name}.yaml`);
    const accepted = await load(name, text);
    expect(accepted).toContain(nextStep);
    expect(accepted).not.toContain('lenient decoding');
    expect(await load(name, `${text}noSuchField: 1\n`)).toContain('lenient decoding');
  });
});
