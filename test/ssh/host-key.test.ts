import { createHmac, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type HostKeyPolicy, hostKeyAlgorithms, judgeHostKey, judgePerBoot } from '../../src/ssh/host-key.js';
import { describeKey } from '../../src/ssh/key-format.js';
import { entriesFor, parseKnownHosts } from '../../src/ssh/known-hosts.js';
import { writeKeyFile } from '../helpers/key-files.js';

const directory = mkdtempSync(join(tmpdir(), 'known-hosts-'));
afterAll(() => rmSync(directory, { recursive: true }));

const OWN = writeKeyFile(directory, 'own');
const OTHER = writeKeyFile(directory, 'other');
const RSA = writeKeyFile(directory, 'rsa', { type: 'rsa' });

function line(hosts: string, key = OWN, marker = ''): string {
  return `${marker}${hosts} ${key.public}\n`;
}

const [REVOKED, CA] = ['@revoked ', '@cert-authority '];
/** Its last field is shorter than it says. */
const CUT_OFF = OWN.public.split(' ').slice(0, 2).join(' ').slice(0, -20);

function blob(key: typeof OWN) {
  return describeKey(Buffer.from(key.public.split(' ')[1] ?? '', 'base64'));
}

interface Case {
  policy?: HostKeyPolicy;
  text?: string;
  pins?: string[];
  hostname?: string;
  port?: number;
  hostKeyAlias?: string;
}

function judge({ policy = 'strict', text = '', pins = [], hostname = 's4', port = 22, hostKeyAlias }: Case) {
  const known = entriesFor(parseKnownHosts([{ path: '/kh', text }]), { hostname, port, hostKeyAlias });
  return judgeHostKey({
    policy,
    pins,
    known,
    knownHostsFiles: ['/kh'],
    presented: blob(OWN),
    place: `${hostname}:${port}`,
  });
}

/** The line of a host whose name is hashed, as sshd(8) describes it. */
function hashed(host: string, key = OWN): string {
  const salt = randomBytes(20);
  const hash = createHmac('sha1', salt).update(host).digest('base64');
  return line(`|1|${salt.toString('base64')}|${hash}`, key);
}

describe('strict', () => {
  it.each<[string, Case]>([
    ['a plain line', { text: line('s4') }],
    ['a line with several names', { text: line('s3,s4,10.0.0.4') }],
    ['a pattern', { text: line('s?') }],
    ['a name in another case', { text: line('S4'), hostname: 's4' }],
    ['a port', { text: line('[s4]:2222'), port: 2222 }],
    ['a line without the port, as ssh does', { text: line('s4'), port: 2222 }],
    [
      'the line of its port, whatever the one without it says',
      { text: line('s4', OTHER) + line('[s4]:2222'), port: 2222 },
    ],
    [
      'a line without the port beside an authority for it',
      { text: line('[s4]:2222', OTHER, CA) + line('s4'), port: 2222 },
    ],
    ['a line without the port beside one that is cut off', { text: `[s4]:2222 ${CUT_OFF}\n${line('s4')}`, port: 2222 }],
    [
      'the line of its port, where a key of the other is revoked',
      { text: line('s4', OWN, REVOKED) + line('[s4]:2222'), port: 2222 },
    ],
    ['a hashed line', { text: hashed('s4') }],
    ['a hashed line with a port', { text: hashed('[s4]:2222'), port: 2222 }],
    ['a HostKeyAlias', { text: line('node-4'), hostKeyAlias: 'node-4', port: 2222 }],
    ['the right one of two keys', { text: line('s4', RSA) + line('s4') }],
    ['a file with comments and rubbish', { text: `# note\n\nrubbish\n@unknown x y z\ns4 ssh-rsa AAAA\n${line('s4')}` }],
    ['an IPv6 address', { text: line('fe80::4'), hostname: 'fe80::4' }],
  ])('accepts by %s', (_name, question) => {
    expect(judge(question)).toBeUndefined();
  });

  it.each<[string, Case, string]>([
    ['an unknown host', { text: line('s5') }, 'is in none of /kh'],
    ['an empty file', {}, 'is in none of /kh'],
    ['a changed key', { text: line('s4', OTHER) }, `known_hosts has ssh-ed25519 ${OTHER.fingerprint} (/kh:1)`],
    ['a changed key in a hashed line', { text: hashed('s4', OTHER) }, OTHER.fingerprint],
    ['a revoked key', { text: line('s4') + line('*', OWN, '@revoked ') }, '/kh:2 marks as revoked'],
    ['a certificate authority', { text: line('s4', OTHER, '@cert-authority ') }, 'host certificates are not supported'],
    ['a negated pattern', { text: line('!s4,s*') }, 'is in none of'],
    ['a line for another port', { text: line('[s4]:2200'), port: 2222 }, 'is in none of'],
    [
      'a changed key of its port, whatever the line without it says',
      { text: line('[s4]:2222', OTHER) + line('s4'), port: 2222 },
      OTHER.fingerprint,
    ],
    ['a key of its port of another kind', { text: line('[s4]:2222', RSA) + line('s4'), port: 2222 }, RSA.fingerprint],
    [
      'a key that is revoked for its port',
      { text: line('[s4]:2222', OWN, REVOKED) + line('s4'), port: 2222 },
      '/kh:1 marks as revoked',
    ],
    [
      'a changed key for every name',
      { text: line('*', OTHER) + line('s4'), port: 2222 },
      `${OTHER.fingerprint} (/kh:1)`,
    ],
    ['a name hashed in a way that is not known', { text: line('|2|*') }, 'is in none of'],
    ['an alias with a port', { text: line('[node-4]:2222'), hostKeyAlias: 'node-4', port: 2222 }, 'is in none of'],
    ['an alias of another name', { text: line('s4'), hostKeyAlias: 'node-4' }, 'is in none of'],
    ['a dot that is none', { text: line('s4.x'), hostname: 's4yx' }, 'is in none of'],
  ])('refuses %s', (_name, question, words) => {
    expect(judge(question)).toMatchObject({
      code: 'host-key-refused',
      exit: 5,
      message: expect.stringContaining(words),
      hint: expect.any(String),
    });
  });
});

describe('pins', () => {
  it.each<HostKeyPolicy>(['strict', 'per-boot', 'insecure'])('win under %s', (policy) => {
    expect(judge({ policy, pins: [OTHER.fingerprint, OWN.fingerprint] })).toBeUndefined();
    const refused = judge({ policy, pins: [OTHER.fingerprint], text: line('s4') });
    expect(refused).toMatchObject({ code: 'host-key-refused', exit: 5 });
    expect(refused?.message).toContain(OWN.fingerprint);
    expect(refused?.message).toContain(OTHER.fingerprint);
  });
});

describe.each<HostKeyPolicy>(['per-boot', 'insecure'])('%s', (policy) => {
  it('accepts any key at connect time', () => {
    expect(judge({ policy })).toBeUndefined();
    // Only of jump hosts is known_hosts asked: see connect.ts.
    expect(judge({ policy, text: '' })).toBeUndefined();
    expect(judge({ policy, text: line('*', OTHER, REVOKED) })).toBeUndefined();
  });
});

describe('judgePerBoot', () => {
  const own = { type: 'ssh-ed25519', fingerprint: OWN.fingerprint };
  const other = { type: 'ssh-ed25519', fingerprint: OTHER.fingerprint };
  const record = { bootId: 'boot-1', hostKey: other };

  it('accepts a first contact', () => {
    expect(judgePerBoot({ record: undefined, bootId: 'boot-1', presented: own, place: 's4' })).toEqual({
      kind: 'accepted-new-boot',
    });
  });

  it('accepts the recorded key, in the same boot and in the next', () => {
    for (const bootId of ['boot-1', 'boot-2']) {
      expect(judgePerBoot({ record, bootId, presented: other, place: 's4' })).toEqual({ kind: 'accepted-known' });
    }
  });

  it('accepts a new key in a new boot and tells the old one', () => {
    expect(judgePerBoot({ record, bootId: 'boot-2', presented: own, place: 's4' })).toEqual({
      kind: 'accepted-new-boot',
      previous: other,
    });
  });

  it('refuses a new key within one boot and names both', () => {
    const verdict = judgePerBoot({ record, bootId: 'boot-1', presented: own, place: 's4' });
    expect(verdict).toMatchObject({ kind: 'refused', error: { code: 'host-key-changed', exit: 5 } });
    const message = verdict.kind === 'refused' ? verdict.error.message : '';
    expect(message).toContain(OWN.fingerprint);
    expect(message).toContain(OTHER.fingerprint);
    expect(message).toContain('boot-1');
  });
});

describe('hostKeyAlgorithms', () => {
  it('asks for known types first and never for SHA-1 or DSA', () => {
    expect(hostKeyAlgorithms([])[0]).toBe('ssh-ed25519');
    expect(hostKeyAlgorithms(['ssh-rsa']).slice(0, 3)).toEqual(['rsa-sha2-512', 'rsa-sha2-256', 'ssh-ed25519']);
    expect(hostKeyAlgorithms(['ecdsa-sha2-nistp256'])[0]).toBe('ecdsa-sha2-nistp256');
    for (const types of [[], ['ssh-rsa'], ['ssh-dss']]) {
      expect(hostKeyAlgorithms(types)).toHaveLength(6);
      expect(hostKeyAlgorithms(types)).not.toContain('ssh-rsa');
      expect(hostKeyAlgorithms(types)).not.toContain('ssh-dss');
    }
  });
});
