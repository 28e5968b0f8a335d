import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeSoakRecord } from '../../lab/records/soak-record.js';
import { commit as describeCommit } from '../../performance/machine.js';
import { createRandom } from '../helpers/synthetic-run/random.js';
import { testSeed } from '../helpers/test-seed.js';
import { bootsOf, isBack } from './helpers/boots.js';
import { createWorld, type World } from './helpers/cluster-world.js';
import { type Daemon, startDaemon } from './helpers/daemon.js';
import { memberList, voters } from './helpers/etcd-members.js';
import { startLedger } from './helpers/ledger.js';

/*
 * `serve` for most of an hour, while machines reboot and lose power at random, all of them at once among that, and objects
 * are written: the ledger agrees, and the daemon does not grow. K8S_DISKLESS_TEST_SOAK_MINUTES makes it another time, of
 * which nothing is recorded.
 */

const MEMBERS = ['s4', 's5', 's6'];
const MINUTE_MS = 60_000;
const WHOLE_MINUTES = 50;
const minutes = Number(process.env.K8S_DISKLESS_TEST_SOAK_MINUTES ?? WHOLE_MINUTES);
/** What was acknowledged so shortly before all machines lost power may be lost. */
const LOSS_MS = 1_000;
const SAMPLE_MS = 15_000;
/** Of the daemon, from its first quarter to its last: a heap that is let go of late is no leak. */
const MOST_GROWTH = 1.5;

let world: World;
let daemon: Daemon;

beforeAll(async () => {
  world = await createWorld(
    'e2e-soak',
    MEMBERS.map((name) => ({ name })),
  );
  await world.up(['--hosts', MEMBERS.join(','), '--control-plane', MEMBERS.join(',')]);
});
afterAll(async () => {
  await daemon?.end('SIGKILL');
  await world?.down();
});

interface Sample {
  residentBytes: number;
  openFiles: number;
}

function sampleOf(pid: number): Sample {
  const [, kib = '0'] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return { residentBytes: Number(kib) * 1024, openFiles: readdirSync(`/proc/${pid}/fd`).length };
}

const quarter = (samples: readonly Sample[], last: boolean): readonly Sample[] => {
  const size = Math.max(1, Math.floor(samples.length / 4));
  return last ? samples.slice(-size) : samples.slice(0, size);
};
const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

it(
  'what was acknowledged is there, the same etcd members serve, and the daemon does not grow',
  async () => {
    const random = createRandom(testSeed());
    // Machines of the lab make new host keys at each boot, as RAM-only ones do.
    daemon = startDaemon(world.operator, ['--trust', 'per-boot']);
    await daemon.until(/up: what is there is looked at/);
    const ledger = startLedger(world.operator, 'soak');
    await ledger.until(5);
    const samples: Sample[] = [];
    const sampler = setInterval(() => samples.push(sampleOf(daemon.pid)), SAMPLE_MS);
    const cuts: number[] = [];
    const done = { reboots: 0, powerCuts: 0, totalLosses: 0 };
    const endsAt = Date.now() + minutes * MINUTE_MS;
    try {
      while (Date.now() < endsAt) {
        await sleep(5_000 + random.uniform() * 20_000);
        const drawn = random.uniform();
        const [one = 's4'] = random.shuffled(MEMBERS);
        const names = drawn < 0.3 ? MEMBERS : [one];
        const power = drawn < 0.65;
        const boots = await bootsOf(world.operator, names);
        if (names.length > 1) cuts.push(Date.now());
        done[names.length > 1 ? 'totalLosses' : power ? 'powerCuts' : 'reboots'] += 1;
        await world.lab.reboot(names, { power });
        await isBack(world.operator, names, boots);
        await expect
          .poll(() => memberList(world.lab).catch(() => ''), { timeout: 120_000 })
          .toEqual(voters(...MEMBERS));
      }
    } finally {
      clearInterval(sampler);
      await ledger.end();
    }
    const path = 'jsonpath={.items[*].metadata.name}';
    const there = new Set((await world.operator.kubectl('get', 'configmaps', '-o', path)).split(' '));
    const missing = [...ledger.acknowledged].filter(([name]) => !there.has(name));
    const unexcused = missing.filter(([, at]) => !cuts.some((cutAt) => at <= cutAt && at > cutAt - LOSS_MS));
    const memory = [false, true].map((last) =>
      median(quarter(samples, last).map(({ residentBytes }) => residentBytes)),
    );
    const files = [false, true].map((last) => median(quarter(samples, last).map(({ openFiles }) => openFiles)));
    const [firstBytes = 0, lastBytes = 0, firstFiles = 0, lastFiles = 0] = [...memory, ...files];
    expect(unexcused).toEqual([]);
    expect(lastBytes).toBeLessThan(firstBytes * MOST_GROWTH);
    expect(lastFiles).toBeLessThan(firstFiles * MOST_GROWTH);
    expect(await daemon.end()).toBe(0);
    if (minutes < WHOLE_MINUTES) return;
    writeSoakRecord({
      commit: describeCommit(),
      minutes,
      seed: testSeed(),
      ...done,
      acknowledged: ledger.acknowledged.size,
      lostWithinASecondOfATotalLoss: missing.length,
      residentBytes: { firstQuarter: firstBytes, lastQuarter: lastBytes },
      openFiles: { firstQuarter: firstFiles, lastQuarter: lastFiles },
    });
  },
  (minutes + 15) * MINUTE_MS,
);
