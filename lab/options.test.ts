import { describe, expect, it } from 'vitest';
import { DisklessError } from '../src/errors.js';
import { NODE_OPTIONS, parseNodeOption, traitsOf } from './options.js';

const codeOf = (work: () => unknown) => {
  try {
    work();
  } catch (error) {
    return error instanceof DisklessError ? error.code : error;
  }
  return 'nothing thrown';
};

describe('node options', () => {
  it('have names of their own and a line that says what they do', () => {
    const names = NODE_OPTIONS.map((option) => option.name);
    expect(new Set(names).size).toBe(names.length);
    for (const { summary } of NODE_OPTIONS) expect(summary).toMatch(/^[^\n]{10,120}$/);
  });

  it('accept the example they show', () => {
    for (const { name, value } of NODE_OPTIONS) {
      const text = value === undefined ? name : `${name}=${value.example}`;
      expect(traitsOf('s5', [text]), text).not.toEqual(traitsOf('s5', []));
    }
  });

  it('add up', () => {
    const traits = traitsOf('s5', ['two-nics', 'hide=nft', 'no-zstd', 'rate=20mbit', 'loss=1.5', 'root-size=300m']);
    expect(traits).toMatchObject({
      segments: ['main', 'storage'],
      hiddenPrograms: ['nft', 'zstd'],
      rootSize: '300m',
      disturbance: { link: { rate: '20mbit', loss: 0.015 } },
    });
  });

  it('read how SSH breaks', () => {
    expect(traitsOf('s5', ['ssh-stall=20000000:2']).disturbance.ssh).toEqual({
      how: 'stall',
      afterBytes: 20_000_000,
      connections: 2,
    });
    expect(traitsOf('s5', ['ssh-reset=5']).disturbance.ssh).toEqual({ how: 'reset', afterBytes: 5 });
  });

  it('list as many nameservers as they are told', () => {
    expect(traitsOf('s5', []).nameservers).toBe(1);
    expect(traitsOf('s5', ['nameservers=4']).nameservers).toBe(4);
  });

  it.each(['two-nic', 'root-siz=4m'])('refuse the unknown %s and suggest another', (text) => {
    expect(codeOf(() => traitsOf('s5', [text]))).toBe('lab-option-unknown');
    expect(() => traitsOf('s5', [text])).toThrowError(
      expect.objectContaining({ hint: expect.stringContaining('did you mean') }),
    );
  });

  it.each([
    'two-nics=2',
    'root-size',
    'root-size=',
    'root-size=much',
    'rate=20',
    'loss=100',
    'read-only=/opt;reboot',
    'user=$(id)',
  ])('refuse the value of %s', (text) => {
    expect(codeOf(() => traitsOf('s5', [text]))).toBe('lab-option-invalid');
  });

  it('come from the command line with the name of a node', () => {
    expect(parseNodeOption('s5:ssh-reset=5:1')).toEqual({ node: 's5', option: 'ssh-reset=5:1' });
    for (const text of ['no-zstd', ':no-zstd']) expect(codeOf(() => parseNodeOption(text))).toBe('lab-option-invalid');
  });
});
