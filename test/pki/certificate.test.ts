import { createPublicKey, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createAuthority } from '../../src/pki/authority.js';
import { issueLeaf, judgeLeaf } from '../../src/pki/leaf.js';
import type { LeafRequest } from '../../src/pki/leaf-request.js';
import { loadProfiles } from '../../src/pki/profiles.js';
import { daysLater, fixedEnvironment } from './fixture.js';

const REQUEST: LeafRequest = {
  name: 'test',
  issuer: 'kubernetes',
  subject: { commonName: 'tést', organizations: ['one', 'two'] },
  sans: ['s4', '10.0.0.4', 'fd00::4'],
  usages: ['serverAuth'],
  lifetimeDays: 365,
};

async function authorityAt(now: Date) {
  const { authorities, validity } = await loadProfiles();
  const environment = fixedEnvironment(now);
  return { authority: await createAuthority({ profile: authorities.kubernetes, validity, environment }), validity };
}

describe('certificates', () => {
  it('say what was asked of them', async () => {
    const now = new Date('2026-11-20T12:00:00Z');
    const { authority, validity } = await authorityAt(now);
    const leaf = await issueLeaf({ request: REQUEST, authority, validity, environment: fixedEnvironment(now) });
    const x509 = new X509Certificate(leaf.certificate);
    expect(x509.subject).toBe('O=one\nO=two\nCN=tést');
    expect(x509.subjectAltName).toBe('DNS:s4, IP Address:10.0.0.4, IP Address:FD00:0:0:0:0:0:0:4');
    expect(x509.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(x509.verify(createPublicKey(authority.key))).toBe(true);
    expect(x509.validFrom).toBe('Nov 19 12:00:00 2026 GMT');
    expect(x509.validTo).toBe('Nov 20 12:00:00 2027 GMT');
  });

  it('write years from 2050 on in the form made for them, and read them back', async () => {
    const now = new Date('2051-03-01T00:00:00Z');
    const { authority, validity } = await authorityAt(now);
    const environment = fixedEnvironment(now);
    const leaf = await issueLeaf({ request: REQUEST, authority, validity, environment });
    expect(new X509Certificate(leaf.certificate).validTo).toBe('Feb 29 00:00:00 2052 GMT');
    const authorities = { kubernetes: authority, etcd: authority, 'front-proxy': authority };
    const found = { certificate: leaf.certificate, privateKey: leaf.privateKey };
    expect(judgeLeaf({ request: REQUEST, found, authorities, validity, now }).action).toBe('reuse');
  });

  it('end no later than their authority', async () => {
    const { authority, validity } = await authorityAt(daysLater(-3650 + 100));
    const leaf = await issueLeaf({ request: REQUEST, authority, validity, environment: fixedEnvironment() });
    expect(new X509Certificate(leaf.certificate).validTo).toBe(authority.x509.validTo);
  });
});
