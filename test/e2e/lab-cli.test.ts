import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Lab } from '../../lab/nodes/lab.js';
import { labPaths } from '../../lab/nodes/naming.js';
import { kill, readPidFile } from '../../lab/nodes/process-table.js';
import { labTraces } from '../../lab/nodes/remove.js';
import { NEWEST } from '../../src/config/version-table.js';
import { hostKey } from './helpers/lab-ssh.js';

const REPOSITORY = join(import.meta.dirname, '../..');
const NAME = 'e2e-cli';
const OWNED = 'e2e-owned';

/** What `npm run -s lab -- …` comes to; npm itself would cost half a second each time. */
const TSX = ['node_modules/.bin/tsx', 'lab/cli.ts'];
const NPM = ['npm', 'run', '-s', 'lab', '--'];

async function lab(args: readonly string[], { input = '', by = TSX }: { input?: string; by?: string[] } = {}) {
  const [command = '', ...before] = by;
  const environment = { ...process.env, K8S_DISKLESS_LAB: NAME };
  const child = spawn(command, [...before, ...args], { cwd: REPOSITORY, env: environment, stdio: 'pipe' });
  child.stdin.end(input);
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code, stdout, stderr };
}

describe('lab command', () => {
  const handle = new Lab(NAME);
  const bootId = (node: string) => handle.list().find(({ name }) => name === node)?.bootId;

  beforeAll(async () => {
    await lab(['down']);
    expect(await lab(['up', 's4'])).toMatchObject({ code: 0, stdout: '' });
  });
  afterAll(() => handle.down());

  it('adds nodes to a lab that is up, with options', async () => {
    const before = bootId('s4');
    expect(await lab(['up', 's4', 's5', '-o', 's5:no-zstd'])).toMatchObject({ code: 0 });
    const { stdout } = await lab(['list', '--json']);
    expect(JSON.parse(stdout)).toMatchObject([
      { name: 's4', state: 'on', bootId: before, options: [] },
      { name: 's5', state: 'on', options: ['no-zstd'] },
    ]);
  });

  it('reboots from inside and by power, and returns with the next boot', async () => {
    for (const way of [[], ['--power']]) {
      const before = [bootId('s4'), await hostKey(handle, 's4')];
      expect(await lab(['reboot', 's4', ...way])).toMatchObject({ code: 0 });
      const after = [bootId('s4'), await hostKey(handle, 's4')];
      for (const [n, value] of after.entries()) expect(value).not.toBe(before[n]);
    }
  });

  it('passes streams, arguments and the exit code of what it runs in a node', async () => {
    const script = 'cat; echo "$1" >&2; exit 5';
    expect(await lab(['exec', 's4', '--', 'sh', '-c', script, 'sh', '--help'], { input: 'in', by: NPM })).toEqual({
      code: 5,
      stdout: 'in',
      stderr: '--help\n',
    });
  });

  it('prints an environment that a shell takes, and with which ssh gets in', async () => {
    const { stdout } = await lab(['env']);
    expect(stdout).toContain(`K8S_DISKLESS_DNS_IMAGE=registry.k8s.io/coredns/coredns:${NEWEST.coredns}\n`);
    const script = `${stdout}ls -d "$K8S_DISKLESS_ARTIFACTS/kubernetes" "$K8S_DISKLESS_IMAGES" >/dev/null &&
      ssh -F "$K8S_DISKLESS_SSH_CONFIG" s5 hostname`;
    expect(execFileSync('sh', ['-c', script], { encoding: 'utf8' })).toBe('s5\n');
  });

  it('cuts, heals, slows, and switches off and on', async () => {
    const ping = ['ping', '-q', '-c', '1', '-W', '1', handle.node('s5').nics[0]?.address ?? ''];
    await lab(['partition', 's4', '--from', 's5']);
    expect((await handle.exec('s4', ping)).code).toBe(1);
    await lab(['heal', 's4']);
    // The kernel may hold that nobody is there for another moment.
    await expect.poll(async () => (await handle.exec('s4', ping)).code).toBe(0);
    await lab(['netem', 's4', '--rate', '50mbit', '--loss', '2']);
    expect((await handle.exec('s4', ['tc', 'qdisc', 'show', 'dev', 'eth0'])).stdout).toContain('rate 50Mbit');
    await lab(['netem', 's4']);
    expect((await handle.exec('s4', ['tc', 'qdisc', 'show', 'dev', 'eth0'])).stdout).not.toContain('rate');
    await lab(['power-off', 's5']);
    expect(bootId('s5')).toBeUndefined();
    expect(await lab(['power-on', 's5'])).toMatchObject({ code: 0 });
    expect(bootId('s5')).toBeDefined();
  });

  it.each([
    { args: ['exec', 's44', '--', 'true'], says: /no node "s44"\n.*did you mean "s4"/ },
    { args: ['up', 's4', '-o', 's4:swap'], says: /s4 exists already, with no options/ },
    { args: ['up', 's6', '-o', 's6:two-nic'], says: /did you mean "two-nics"/ },
    { args: ['up', 's6', '-o', 's7:swap'], says: /s7, which is not among the nodes/ },
    { args: ['netem', 's4', '--rate', 'fast'], says: /rate=20mbit/ },
    { args: ['--lab', 'e2e-none', 'list'], says: /no lab called e2e-none/ },
    { args: ['reboot'], says: /missing required argument/ },
  ])('refuses $args, and nothing has changed', async ({ args, says }) => {
    const before = handle.list();
    const { code, stdout, stderr } = await lab(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(says);
    expect(handle.list()).toEqual(before);
  });

  it('lists what can be odd about a node', async () => {
    expect((await lab(['options'])).stdout).toMatch(/^two-nics +\S/m);
  });

  it('removes all, also without its records, and then has nothing to remove', async () => {
    const paths = labPaths(NAME);
    const launcher = readPidFile(paths.node('s4').launcher);
    if (launcher === undefined) throw new Error('s4 has no launcher');
    kill(launcher.pid);
    rmSync(paths.plan);
    expect((await lab(['down'])).stderr).toMatch(/removed .*network namespaces/);
    expect(labTraces()).not.toContain(NAME);
    expect((await lab(['down'])).stderr).toContain('nothing to remove');
  });
});

describe('a lab whose owner dies', () => {
  let owner: ChildProcess | undefined;
  afterAll(async () => {
    owner?.kill('SIGKILL');
    await new Lab(OWNED).down();
  });

  it('is removed, though nobody could clean up', async () => {
    const program = `
      const { startLab } = await import('./lab/nodes/lab.ts');
      await startLab({ name: '${OWNED}', nodes: [{ name: 's4' }] });
      console.log('up');
      setInterval(() => {}, 1000);`;
    owner = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
      cwd: REPOSITORY,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (owner.stdout === null) throw new Error('no pipe from the owner');
    const [line] = await once(createInterface(owner.stdout), 'line');
    expect(line).toBe('up');
    expect(labTraces()).toContain(OWNED);
    owner.kill('SIGKILL');
    await expect.poll(() => labTraces(), { timeout: 120_000 }).not.toContain(OWNED);
  });
});
