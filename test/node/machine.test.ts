import { describe, expect, test } from 'vitest';
import { type MachineIdentity, type SameMachine, sameAsRecorded, sameMachine } from '../../src/node/machine.js';

const A = '52:54:00:00:00:0a';
const B = '52:54:00:00:00:0b';
const C = '52:54:00:00:00:0c';
const ONE = '4c4c4544-0035-4d10-8052-b4c04f4d3332';
const TWO = '4c4c4544-0035-4d10-8052-b4c04f4d3333';

describe('the machine that was read is the one recorded', () => {
  test.each<[string, MachineIdentity | undefined, MachineIdentity, SameMachine]>([
    ['the same card and board', { macs: [A], uuid: ONE }, { macs: [A], uuid: ONE }, 'same'],
    ['a card more than before', { macs: [A] }, { macs: [A, B] }, 'same'],
    ['one of two cards taken out', { macs: [A, B], uuid: ONE }, { macs: [B], uuid: ONE }, 'same'],
    ['a firmware that tells no board any more', { macs: [A], uuid: ONE }, { macs: [A] }, 'same'],
    ['other cards', { macs: [A] }, { macs: [C] }, 'other'],
    ['all cards replaced on the same board', { macs: [A], uuid: ONE }, { macs: [C], uuid: ONE }, 'other'],
    ['the card moved into another board', { macs: [A], uuid: ONE }, { macs: [A], uuid: TWO }, 'other'],
    ['no cards, the same board', { macs: [], uuid: ONE }, { macs: [], uuid: ONE }, 'same'],
    ['nothing that tells', { macs: [] }, { macs: [A], uuid: ONE }, 'unknown'],
    ['a record of an earlier release', undefined, { macs: [A], uuid: ONE }, 'unknown'],
  ])('%s', (_case, recorded, read, answer) => {
    expect(sameMachine(recorded, read)).toBe(answer);
  });

  test('a UUID that other machines have too says nothing', () => {
    const shared = new Set([ONE]);
    expect(sameMachine({ macs: [A], uuid: ONE }, { macs: [A], uuid: TWO }, shared)).toBe('same');
    expect(sameMachine({ macs: [], uuid: ONE }, { macs: [], uuid: ONE }, shared)).toBe('unknown');
  });
});

test('tells whether a machine is the one that was recorded under its name', () => {
  const recorded = new Map([
    ['s4', { machine: { macs: ['52:54:00:00:00:04'], uuid: 'one' } }],
    ['s5', { machine: { macs: ['52:54:00:00:00:05'], uuid: 'two' } }],
    // Of an earlier release.
    ['s6', {}],
  ]);
  const read = { macs: ['52:54:00:00:00:04'], uuid: 'one' };
  expect(['s4', 's5', 's6', 's7'].map((name) => sameAsRecorded(recorded, name, read))).toEqual([
    'same',
    'other',
    'unknown',
    'unknown',
  ]);
  // A UUID that another one has, too, tells nothing.
  expect(sameAsRecorded(recorded, 's4', { macs: ['52:54:00:00:00:04'], uuid: 'two' })).toBe('same');
});
