import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/runner/events.js';
import { createRandom } from '../helpers/synthetic-run/random.js';
import { testSeed } from '../helpers/test-seed.js';
import { said } from './helpers/cli.js';
import { createWorld, type World } from './helpers/cluster-world.js';
import { changing, finished, runUntil, sent, started } from './helpers/interrupt.js';
import { deployEcho } from './helpers/workload.js';

/*
 * The operator dies by SIGKILL in the middle of bringing blank machines up, and the next `up` completes. The order is the
 * seed's: what one moment leaves in the state directory is what the next one finds. All but the first restore what was
 * there: an object from before each power cut is in a snapshot, and may not be missing after it.
 */

const MOMENTS: [string, (event: RunEvent) => boolean][] = [
  ['the plan was made', finished('judge')],
  ['the intent was recorded', finished('record')],
  ['half of the control plane was sent', sent('s4', 0.5)],
  ['the data directory was claimed', changing(/claim the etcd data directory/)],
  ['etcd bootstraps', changing(/start etcd\.service/)],
  ['etcd has its quorum', finished('quorum')],
  ['the API server starts', changing(/start kube-apiserver\.service/)],
  ['the nodes were registered', finished('register')],
  ['kubelets start', changing(/start kubelet\.service/)],
  ['an image is imported', changing(/import /)],
  ['add-ons are applied', started('addons')],
  ['the worker was sent its files', finished('send-worker', 's5')],
];
let world: World;
/** Names of config maps that were acknowledged before the last snapshot. */
const ledger: string[] = [];
const UP = ['up', '--hosts', 's4,s5', '--control-plane', 's4'];

beforeAll(async () => {
  world = await createWorld('e2e-kill', [{ name: 's4' }, { name: 's5' }]);
});
afterAll(() => world?.down());

async function writeAndBackUp(): Promise<void> {
  const name = `entry-${ledger.length}`;
  await world.operator.kubectl('create', 'configmap', name);
  ledger.push(name);
  const finished = await world.operator.run(['backup']);
  expect(finished.exit, said(finished)).toBe(0);
}

async function entries(): Promise<string[]> {
  const text = await world.operator.kubectl('get', 'configmaps', '-o', 'jsonpath={.items[*].metadata.name}');
  return text.split(' ').filter((name) => name.startsWith('entry-'));
}

describe('the operator is killed when', () => {
  it.each(createRandom(testSeed()).shuffled(MOMENTS))('%s', async (_title, moment) => {
    await world.lab.reboot(['s4', 's5'], { power: true });
    const killed = await runUntil(world.operator, UP, { at: moment });
    expect(killed.reached, said(killed)).toBe(true);
    expect(killed.signal).toBe('SIGKILL');
    await world.up(UP.slice(1));
    expect((await entries()).toSorted()).toEqual(ledger.toSorted());
    await deployEcho(world.operator, 2);
    expect((await world.up()).changed).toBe(0);
    await writeAndBackUp();
  });
});
