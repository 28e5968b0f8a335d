import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shellQuote } from '../../src/ssh/quote.js';
import { said } from './helpers/cli.js';
import { createWorld, type World } from './helpers/cluster-world.js';
import { mainPids } from './helpers/snapshot.js';

/* A containerd that is active and of no use: its CRI plugin does not come up, or its configuration is not ours. */

let world: World;
const HOSTS = ['--hosts', 's4,s5,s6', '--control-plane', 's4'];
/** What of containerd is looked at: today's on s5, Debian's 1.6 on s6. */
const WORKERS = ['s5', 's6'];

const SNAPSHOTTER = '/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs';
const DROP_IN = '/etc/containerd/conf.d/50-foreign.toml';

beforeAll(async () => {
  world = await createWorld('e2e-containerd', [
    { name: 's4' },
    { name: 's5' },
    { name: 's6', options: ['system=oldest'] },
  ]);
});
afterAll(() => world?.down());

const bash = (node: string, script: string) => world.lab.exec(node, ['bash', '-euc', script]);
/** Writes a file of somebody else's that containerd imports. */
const dropIn = (...lines: string[]): string =>
  `mkdir -p ${dirname(DROP_IN)}; printf '%s\\n' ${shellQuote('version = 4', ...lines)} >${DROP_IN}`;
const containerdPid = async (node: string): Promise<string | undefined> =>
  (await mainPids(world.lab, node))['containerd.service'];

/** Runs `up` and demands this exit code; resolves to the errors of its steps. */
async function upFails(exit: number, args: readonly string[] = []) {
  const finished = await world.operator.events(['up', ...args]);
  expect(finished.exit, said(finished)).toBe(exit);
  return finished.events.flatMap((event) => (event.type === 'step-finished' && event.error ? [event.error] : []));
}

describe('a CRI plugin that does not come up', () => {
  it('fails its nodes at once, with the reason and the log; the others make a cluster', async () => {
    for (const node of WORKERS) {
      await bash(
        node,
        `systemctl stop containerd; rm -rf ${SNAPSHOTTER}; mkdir -p ${dirname(SNAPSHOTTER)}; echo >${SNAPSHOTTER}`,
      );
    }
    const errors = await upFails(3, HOSTS);
    for (const node of WORKERS) {
      const error = errors.find(({ host }) => host === node);
      expect(error).toMatchObject({ code: 'cri-plugin-down', step: 'containerd' });
      expect(error?.message).toMatch(
        /^containerd \d\S+ runs, but its CRI plugin does not: .*(overlayfs|not a directory)/,
      );
      const [log] = new RegExp(`/\\S+${node}-containerd\\.service\\.log`).exec(error?.hint ?? '') ?? [];
      expect(await readFile(log ?? '', 'utf8')).toContain('overlayfs');
      expect((await bash(node, 'systemctl is-active containerd')).stdout.trim()).toBe('active');
    }
    expect(errors.map(({ host }) => host).filter((host) => host === 's4')).toEqual([]);
  });

  it('is started again by the next up, and works once the reason is gone', async () => {
    const before = await Promise.all(WORKERS.map(containerdPid));
    expect((await upFails(3)).filter(({ code }) => code === 'cri-plugin-down')).toHaveLength(WORKERS.length);
    for (const [index, node] of WORKERS.entries()) expect(await containerdPid(node)).not.toBe(before[index]);
    for (const node of WORKERS) await bash(node, `rm ${SNAPSHOTTER}`);
    await world.up();
    const nodes = await world.operator.kubectl('get', 'nodes', '--no-headers');
    expect(nodes.match(/ Ready /g)).toHaveLength(3);
    expect((await world.up()).changed).toBe(0);
  });

  it('is named as the reason when somebody else started it so, and nothing was changed', async () => {
    const broken = dropIn("[plugins.'io.containerd.cri.v1.runtime']", "drain_exec_sync_io_timeout = 'nonsense'");
    await bash('s5', `${broken}; systemctl restart containerd`);
    const errors = await upFails(3);
    const error = errors.find(({ code }) => code === 'component-unhealthy');
    expect(error).toMatchObject({ host: 's5', step: 'healthy' });
    expect(error?.message).toContain('containerd.service runs, but its CRI plugin does not');
    expect(error?.message).toContain('drain_exec_sync_io_timeout');
    await bash('s5', `rm ${DROP_IN}; systemctl restart containerd`);
    await world.up();
  });
});

describe('a configuration that would not be in effect', () => {
  it('fails its node with key, expected and found, and containerd runs on as it did', async () => {
    const winning = dropIn("[plugins.'io.containerd.cri.v1.runtime'.cni]", "bin_dirs = ['/elsewhere']");
    await bash('s5', `${winning}; echo '# edited' >>/etc/containerd/config.toml`);
    const before = await containerdPid('s5');
    const errors = await upFails(3);
    expect(errors[0]).toMatchObject({ code: 'containerd-config', host: 's5', step: 'containerd' });
    expect(errors[0]?.message).toContain(
      `plugins."io.containerd.cri.v1.runtime".cni.bin_dirs: expected ["/opt/cni/bin"], found ["/elsewhere"]`,
    );
    expect(await containerdPid('s5')).toBe(before);
    await bash('s5', `rm ${DROP_IN}`);
    await world.up();
    expect(await containerdPid('s5')).not.toBe(before);
  });
});
