import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Finished, type Operator, operatorOf, said } from './helpers/cli.js';
import { createWorld, type World } from './helpers/cluster-world.js';

/* Copies of one state, of which a later one acts. Machines and etcd tell the others, and lose that with their power. */

let world: World;
let directory: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'k8s-diskless-e2e-'));
  world = await createWorld('e2e-two-operators', [{ name: 's4' }]);
  await world.up(['--hosts', 's4']);
});
afterAll(async () => {
  rmSync(directory, { recursive: true, force: true });
  await world?.down();
});

const operatorWith = (stateDir: string): Operator =>
  operatorOf({ ...world.operator.env, K8S_DISKLESS_STATE_DIR: stateDir });

async function ran(operator: Operator, ...args: string[]): Promise<Finished> {
  const finished = await operator.run(args);
  expect(finished.exit, said(finished)).toBe(0);
  return finished;
}

/** The state as it is now, to be taken into use elsewhere. */
async function exported(name: string): Promise<{ imported: () => Promise<Operator> }> {
  const identity = await generateX25519Identity();
  const key = join(directory, `${name}.txt`);
  writeFileSync(key, `${identity}\n`, { mode: 0o600 });
  const file = join(directory, `${name}.age`);
  await ran(world.operator, 'state', 'export', file, '--recipient', await identityToRecipient(identity));
  return {
    async imported() {
      const operator = operatorWith(join(directory, name));
      await ran(operator, 'state', 'import', file, '--identity', key, '--old-operator-is-gone');
      return operator;
    },
  };
}

it('a copy that is older than what lives goes on with what its members prove', async () => {
  const { imported } = await exported('older');
  await world.lab.reboot(['s4'], { power: true });
  await ran(world.operator, 'up');
  await world.operator.kubectl('create', 'configmap', 'of-a-later-life');
  const older = await imported();
  const { exit, events, ...rest } = await older.events(['up']);
  expect(exit, said({ exit, ...rest })).toBe(0);
  const codes = events.flatMap((event) => (event.type === 'note' ? [event.code] : []));
  expect(codes).toContain('later-life-adopted');
  expect(await older.kubectl('get', 'configmap', 'of-a-later-life', '-o', 'name')).toContain('of-a-later-life');
  expect(await world.up([], 5)).toBeDefined();
  await ran(world.operator, 'state', 'take-back', '--above', '2');
});

it('whoever was told once that another acts does not when all machines have forgotten it', async () => {
  const earlier = world.operator;
  cpSync(earlier.stateDir, join(directory, 'copy'), { recursive: true });
  const copy = operatorWith(join(directory, 'copy'));
  const { imported } = await exported('later');
  const inUse = await imported();
  await ran(inUse, 'up');
  await inUse.kubectl('create', 'configmap', 'of-the-later');
  await ran(inUse, 'backup');

  const expectRefused = async (operator: Operator, ...args: string[]): Promise<void> => {
    const finished = await operator.run(args);
    expect(finished.exit, said(finished)).toBe(5);
    expect(said(finished)).toContain('another copy of this state is in use');
    expect(said(finished)).toMatch(/take-back\s+--above\s+4/);
  };
  await expectRefused(earlier, 'up');
  await expectRefused(copy, 'backup');
  await world.lab.reboot(['s4'], { power: true });
  // Both have a snapshot, older than what the one in use has.
  await expectRefused(earlier, 'up');
  await expectRefused(copy, 'up');
  await expectRefused(copy, 'serve');

  await ran(inUse, 'up');
  expect(await inUse.kubectl('get', 'configmap', 'of-the-later', '-o', 'name')).toContain('of-the-later');
  expect((await ran(earlier, 'state', 'take-back')).stdout).toContain('as generation 5');
});
