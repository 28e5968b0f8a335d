import { describe, expect, test } from 'vitest';
import type { BootEventBody, BootStage, Client } from '../../src/boot/server/boot-events.js';
import { createBootModel, machineName, recordBoot } from '../../src/ui/boot-model.js';
import { morning, SERVING, stamped } from './sample-boots.js';

function model(...bodies: BootEventBody[]) {
  const result = createBootModel();
  for (const [second, body] of bodies.entries()) recordBoot(result, stamped(body, second));
  return result;
}

const started = (client: Client, stage: BootStage): BootEventBody => ({
  type: 'transfer-started',
  id: 1,
  ...client,
  stage,
  file: stage,
  bytes: 10,
});
const done = (client: Client, stage: BootStage): BootEventBody => ({
  ...(started(client, stage) as Extract<BootEventBody, { type: 'transfer-started' }>),
  type: 'transfer-finished',
  status: 200,
  sent: 10,
  durationMs: 1,
  outcome: 'done',
});

const address = '10.0.0.4';
const s4 = { address, host: 's4', mac: '52:54:00:00:00:04' };

describe('machines', () => {
  test('are those expected, and whoever comes besides', () => {
    const { machines } = model(SERVING, done({ address: '10.0.0.77' }, 'entry'));
    expect(machines.map(machineName)).toEqual(['s4', 's5', 's6', '10.0.0.77']);
  });

  test('an address becomes the machine it turns out to be', () => {
    const { machines } = model(SERVING, done({ address }, 'entry'), done(s4, 'script'));
    expect(machines.map(machineName)).toEqual(['s4', 's5', 's6']);
    const without = model(done({ address }, 'entry'), done({ address, mac: s4.mac }, 'script'));
    expect(without.machines.map(machineName)).toEqual([s4.mac]);
  });

  test('keep their row when DHCP gives them another address', () => {
    const { machines } = model(SERVING, done(s4, 'script'), done({ ...s4, address: '10.0.0.14' }, 'ignition'));
    expect(machines).toHaveLength(3);
    expect(machines[0]).toMatchObject({ host: 's4', address: '10.0.0.14' });
  });
});

describe('a boot', () => {
  test('begins anew with the script of the machine', () => {
    const before = [done(s4, 'script'), done(s4, 'kernel'), done(s4, 'initrd')];
    const stages = (...bodies: BootEventBody[]) => [...(model(SERVING, ...bodies).machines[0]?.stages.keys() ?? [])];
    expect(stages(...before)).toEqual(['script', 'kernel', 'initrd']);
    expect(stages(...before, started(s4, 'script'), done(s4, 'script'))).toEqual(['script']);
  });

  test('shows where it hangs', () => {
    const result = createBootModel();
    for (const event of morning()) recordBoot(result, event);
    const s5 = result.machines.find(({ host }) => host === 's5');
    expect(Object.fromEntries(s5?.stages ?? [])).toMatchObject({
      script: { state: 'done' },
      kernel: { state: 'done' },
      initrd: { state: 'running', sent: 185_000_000, bytes: 430_000_000 },
    });
    expect(result.machines.find(({ mac }) => mac === '52:54:00:00:00:99')?.unknown).toBe(true);
  });
});
