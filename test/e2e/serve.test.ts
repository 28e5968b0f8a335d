import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '../helpers/synthetic-run/random.js';
import { testSeed } from '../helpers/test-seed.js';
import { bootsOf, isBack } from './helpers/boots.js';
import { said } from './helpers/cli.js';
import { createWorld, type World } from './helpers/cluster-world.js';
import { type Daemon, startDaemon } from './helpers/daemon.js';
import { memberList, voters } from './helpers/etcd-members.js';
import { expectKept, startLedger } from './helpers/ledger.js';
import { AT_PAGE, isFollowed, PAGE_URL, shown } from './helpers/serve-page.js';
import { deployEcho, expectEcho } from './helpers/workload.js';

/* Nobody types: `serve` sees machines go and come, and brings them back, with what the cluster held. */

const MEMBERS = ['s4', 's5', 's6'];
const ALL = [...MEMBERS, 's7'];
const KILLS = 20;
const WELL = /run finished|works|done/;
let world: World;
let directory: string;
let daemon: Daemon | undefined;

beforeAll(async () => {
  world = await createWorld(
    'e2e-serve',
    ALL.map((name) => ({ name })),
  );
  directory = mkdtempSync(join(tmpdir(), 'k8s-diskless-serve-'));
  await world.up(['--hosts', 's[4-7]', '--control-plane', MEMBERS.join(',')]);
  await deployEcho(world.operator, ALL.length);
});
afterAll(async () => {
  await daemon?.end('SIGKILL');
  await world?.down();
  if (directory) rmSync(directory, { recursive: true, force: true });
});

function configured(serve: object): string[] {
  const file = join(directory, 'serve.yaml');
  writeFileSync(file, JSON.stringify({ serve }));
  return ['--config', file, ...AT_PAGE];
}

const TRUSTING = () => configured({ trust: 'per-boot', snapshotEvery: '60m' });

async function begin(args = TRUSTING()): Promise<Daemon> {
  daemon = startDaemon(world.operator, args);
  await daemon.until(/up: what is there is looked at/);
  return daemon;
}

describe('serve', () => {
  it('finds nothing to do on a cluster that is well, and is the only one of its state', async () => {
    const first = await begin();
    await first.until(WELL);
    const { exit, ...rest } = await world.operator.run(['serve', ...TRUSTING()]);
    expect(exit, said({ exit, ...rest })).toBe(5);
    expect(rest.stderr).toContain('another run holds the lock: serve');
  });

  it('shows a page, and reads its configuration again when it is told to', async () => {
    await expect.poll(async () => (await shown())?.nodes.length, { timeout: 30_000 }).toBe(ALL.length);
    writeFileSync(join(directory, 'serve.yaml'), 'serve: {trust: nobody}');
    daemon?.kill('SIGHUP');
    await daemon?.until(/red: the configuration is as it was: .*serve\.trust/);
    TRUSTING();
    daemon?.kill('SIGHUP');
    await daemon?.until(/the page is at/);
    await expect.poll(async () => (await shown())?.problems, { timeout: 30_000 }).toEqual([]);
    const metrics = await (await fetch(`${PAGE_URL}/metrics`)).text();
    expect(metrics).toContain('incarnation');
  });

  it('brings back a worker that was rebooted', async () => {
    const boots = await bootsOf(world.operator, ['s7']);
    await world.lab.reboot(['s7']);
    await isBack(world.operator, ['s7'], boots);
    await expectEcho(world, ALL);
  });

  it('brings back one control plane of three, whose etcd member joins anew', async () => {
    const boots = await bootsOf(world.operator, ['s5']);
    await world.lab.reboot(['s5'], { power: true });
    await isBack(world.operator, ['s5'], boots);
    await expect.poll(() => memberList(world.lab), { timeout: 60_000 }).toEqual(voters(...MEMBERS));
  });

  it('a person’s up beside it works, and waits for it or it for that', async () => {
    await world.up();
  });

  it('every machine loses power while objects are written: what was acknowledged a second before comes back', async () => {
    await world.operator.kubectl('create', 'configmap', 'kept');
    await expect.poll(isFollowed, { timeout: 60_000 }).toBe(true);
    const boots = await bootsOf(world.operator, ALL);
    const ledger = startLedger(world.operator);
    await ledger.until(20);
    const cutAt = Date.now();
    await world.lab.reboot(ALL, { power: true });
    await ledger.end();
    await isBack(world.operator, ALL, boots);
    expect(await world.operator.kubectl('get', 'configmap', 'kept', '-o', 'name')).toContain('kept');
    await expectKept(world.operator, ledger, cutAt);
    await expectEcho(world, ALL);
  });

  it('killed at random moments of a total loss it goes on where it was, and nothing is lost', async () => {
    const random = createRandom(testSeed());
    await world.operator.kubectl('create', 'configmap', 'kept-too');
    await world.operator.run(['backup']);
    await expect.poll(isFollowed, { timeout: 120_000 }).toBe(true);
    const boots = await bootsOf(world.operator, ALL);
    const ledger = startLedger(world.operator, 'killed');
    await ledger.until(20);
    const cutAt = Date.now();
    await world.lab.reboot(MEMBERS, { power: true });
    await ledger.end();
    for (let kill = 0; kill < KILLS; kill++) {
      await new Promise((resolve) => setTimeout(resolve, 500 + Math.floor(random.uniform() * 6_000)));
      await daemon?.end('SIGKILL');
      daemon = startDaemon(world.operator, TRUSTING());
    }
    await isBack(world.operator, MEMBERS, boots);
    expect(await world.operator.kubectl('get', 'configmap', 'kept', 'kept-too', '-o', 'name')).toContain('kept-too');
    await expectKept(world.operator, ledger, cutAt);
    expect(await memberList(world.lab)).toEqual(voters(...MEMBERS));
  }, 900_000);

  it('ends cleanly, and without a word of a person gives no unproven machine the keys of the cluster', async () => {
    expect(await daemon?.end()).toBe(0);
    daemon = startDaemon(world.operator, configured({ snapshotEvery: '60m' }));
    await daemon.until(/up: what is there is looked at/);
    await world.lab.reboot(['s6'], { power: true });
    expect(await daemon.until(/waits: .*host key/)).toContain('serve.trust: per-boot');
    const boots = await bootsOf(world.operator, ['s6']);
    await world.up();
    expect(await bootsOf(world.operator, ['s6'])).not.toEqual(boots);
    expect(await daemon.end()).toBe(0);
  });
});
