import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.js';
import { decideSsh, hostKeyPolicyOf } from '../../src/config/ssh-settings.js';

const file = (yaml: string) => parseConfig('c.yaml', yaml).config;
const recorded = { configFile: '/etc/ssh/lab', connectTimeout: 9_000, hostKeyPolicy: 'strict' } as const;

describe('the settings of SSH', () => {
  test('are those recorded while neither a flag nor a file speaks', () => {
    expect(decideSsh({ recorded })).toEqual(recorded);
    expect(decideSsh({ flags: {}, recorded })).toEqual(recorded);
    expect(decideSsh({})).toBeUndefined();
    expect(hostKeyPolicyOf(undefined)).toBe('per-boot');
  });

  test('a flag wins over the file, each by itself', () => {
    const section = file('ssh: {configFile: /home/me/lab, connectTimeout: 3s, hostKeyPolicy: insecure}');
    expect(decideSsh({ flags: { hostKeyPolicy: 'per-boot' }, file: section, recorded })).toEqual({
      configFile: '/home/me/lab',
      connectTimeout: 3_000,
      hostKeyPolicy: 'per-boot',
    });
  });

  test('a file takes the place of what is recorded, but only by name of the policy', () => {
    expect(decideSsh({ file: file('hosts: [s4]'), recorded })).toEqual({ hostKeyPolicy: 'strict' });
    expect(decideSsh({ file: file('ssh: {user: core}'), recorded })).toEqual({ user: 'core', hostKeyPolicy: 'strict' });
    const loosened = decideSsh({ file: file('ssh: {hostKeyPolicy: per-boot}'), recorded });
    expect(loosened).toEqual({ hostKeyPolicy: 'per-boot' });
  });
});
