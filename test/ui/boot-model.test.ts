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

test('strangers are kept while they are news, hosts always', () => {
  const macOf = (index: number): string => `52:54:01:00:${[index >> 8, index & 255].map(hex).join(':')}`;
  const hex = (byte: number): string => byte.toString(16).padStart(2, '0');
  const asks = Array.from({ length: 1000 }, (_, index) => done({ address: '10.0.0.66', mac: macOf(index) }, 'script'));
  const { machines } = model(SERVING, done(s4, 'script'), ...asks);
  expect(machines.slice(0, 3).map(machineName)).toEqual(['s4', 's5', 's6']);
  const strangers = machines.slice(3).map(machineName);
  expect(strangers).toEqual(Array.from({ length: 256 }, (_, index) => macOf(744 + index)));
});

describe('a boot', () => {
  test('begins anew with the script of the machine', () => {
    const before = [done(s4, 'script'), done(s4, 'kernel'), done(s4, 'initrd')];
    const stages = (...bodies: BootEventBody[]) => [...(model(SERVING, ...bodies).machines[0]?.stages.keys() ?? [])];
    expect(stages(...before)).toEqual(['script', 'kernel', 'initrd']);
    expect(stages(...before, started(s4, 'script'), done(s4, 'script'))).toEqual(['script']);
  });

  describe('marks a file only when all of it was fetched', () => {
    const file = 'images/flatcar/vmlinuz';
    const size = 58_000_000;
    const kernel = { type: 'transfer-finished', id: 1, ...s4, stage: 'kernel', file, durationMs: 1 } as const;
    const answer = (status: number, bytes: number): BootEventBody => {
      return { ...kernel, status, bytes, sent: bytes, outcome: 'done' };
    };
    const kernelOf = (...bodies: BootEventBody[]) => model(SERVING, ...bodies).machines[0]?.stages.get('kernel');

    test.each([
      ['HEAD', 200],
      ['what it has already', 304],
      ['a range beyond the end', 416],
    ])('not after %s', (_title, status) => {
      expect(kernelOf(answer(status, 0))).toBeUndefined();
    });

    test('nor is a mark taken away by them', () => {
      expect(kernelOf(answer(200, size), answer(416, 0))).toMatchObject({ state: 'done' });
    });

    test('range by range', () => {
      const first = answer(206, 48_000_000);
      const second = { ...started(s4, 'kernel'), file, bytes: 10_000_000 } as BootEventBody;
      const broken: BootEventBody = { ...kernel, status: 206, bytes: 10_000_000, sent: 5_000_000, outcome: 'aborted' };
      expect(kernelOf(first)).toMatchObject({ state: 'running', sent: 48_000_000, bytes: size });
      expect(kernelOf(first, second)).toMatchObject({ state: 'running', sent: 48_000_000 });
      expect(kernelOf(first, second, broken)).toMatchObject({ state: 'broken' });
      expect(kernelOf(first, second, broken, answer(206, 10_000_000))).toMatchObject({ state: 'done', sent: size });
    });

    test('and anew when it is fetched again', () => {
      const again = kernelOf(answer(200, size), answer(206, 48_000_000));
      expect(again).toMatchObject({ state: 'running', sent: 48_000_000 });
    });
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
