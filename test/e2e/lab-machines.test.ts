import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MachineLab } from '../../lab/machines/machine-lab.js';
import { labPaths } from '../../lab/nodes/naming.js';
import { labTraces } from '../../lab/nodes/remove.js';

/* The lab's emulated machines as things to switch on and off. */

const REPOSITORY = join(import.meta.dirname, '../..');
const NAME = 'e2e-machines';
const OWNED = 'e2e-owned-machines';

async function lab(...args: string[]) {
  const env = { ...process.env, K8S_DISKLESS_LAB: NAME };
  const tsx = join(REPOSITORY, 'node_modules/.bin/tsx');
  const child = spawn(tsx, ['lab/cli.ts', ...args], { cwd: REPOSITORY, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code, stdout, stderr };
}

describe('lab machine', () => {
  const handle = new MachineLab(NAME);
  const states = () => handle.list().map(({ name, firmware, state }) => `${name} ${firmware} ${state}`);

  beforeAll(async () => {
    await lab('down');
    expect(await lab('machine', 'up', 's4', '--no-wait')).toMatchObject({ code: 0, stdout: '' });
  });
  afterAll(() => handle.down());

  it('adds machines, whose MAC addresses and firmware stay', async () => {
    expect(await lab('machine', 'up', 's5', '--uefi', '--no-wait')).toMatchObject({ code: 0 });
    expect(states()).toEqual(['s4 bios on', 's5 uefi on']);
    const { stdout } = await lab('machine', 'list', '--json');
    expect(JSON.parse(stdout)).toMatchObject([
      { name: 's4', mac: expect.stringMatching(/^02:6b:64:/) },
      { name: 's5' },
    ]);
  });

  it('pulls the plug of one, and of all', async () => {
    expect(await lab('machine', 'power-off', 's4')).toMatchObject({ code: 0 });
    expect(states()).toEqual(['s4 bios off', 's5 uefi on']);
    expect(await lab('machine', 'power-off', 'all')).toMatchObject({ code: 0 });
    expect(states()).toEqual(['s4 bios off', 's5 uefi off']);
  });

  it('refuses what cannot be', async () => {
    expect(await lab('machine', 'power-off', 's9')).toMatchObject({ code: 2, stderr: expect.stringContaining('s9') });
    expect(await lab('up', 's6')).toMatchObject({ code: 2, stderr: expect.stringContaining('lab machine') });
    expect(states()).toHaveLength(2);
  });

  it('removes all, also without its record', async () => {
    await handle.switchOn(['s4']);
    rmSync(labPaths(NAME).plan);
    expect((await lab('down')).stderr).toMatch(/removed .*network namespace/);
    expect(labTraces()).not.toContain(NAME);
    expect((await lab('down')).stderr).toContain('nothing to remove');
  });
});

describe('machines whose owner dies', () => {
  let owner: ChildProcess | undefined;
  afterAll(async () => {
    owner?.kill('SIGKILL');
    await new MachineLab(OWNED).down();
  });

  it('are removed, though nobody could clean up', async () => {
    const program = `
      const { plugInMachines } = await import('./lab/machines/machine-lab.ts');
      const lab = await plugInMachines({ name: '${OWNED}', machines: [{ name: 's4' }] });
      await lab.switchOn(['s4']);
      console.log('on');
      setInterval(() => {}, 1000);`;
    owner = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
      cwd: REPOSITORY,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (owner.stdout === null) throw new Error('no pipe from the owner');
    const [line] = await once(createInterface(owner.stdout), 'line');
    expect(line).toBe('on');
    owner.kill('SIGKILL');
    await expect.poll(() => labTraces(), { timeout: 120_000 }).not.toContain(OWNED);
  });
});
