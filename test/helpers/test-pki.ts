import type { TlsIdentity } from '../../src/http/secure-stream.js';
import { createAuthority } from '../../src/pki/authority.js';
import { REAL_ENVIRONMENT } from '../../src/pki/environment.js';
import { issueLeaf } from '../../src/pki/leaf.js';

/**
 * A throw-away authority of our own issuing code, so that tests of clients need no other program: that what it issues
 * is right is for `openssl verify` to say, in test/pki.
 */
export interface TestPki {
  /** Valid for loopback and, where given, for this DNS name; as server and as client. */
  issue(commonName: string, dnsName?: string): Promise<TlsIdentity>;
}

const validity = { backdateHours: 1, renewBeforeDays: 1 };
const environment = REAL_ENVIRONMENT;

export async function createTestPki(): Promise<TestPki> {
  const profile = { subject: { commonName: 'test-ca', organizations: [] }, lifetimeDays: 2, deliver: [] };
  const authority = await createAuthority({ profile, validity, environment });
  return {
    async issue(commonName, dnsName = 'localhost') {
      const request = {
        name: commonName,
        issuer: 'kubernetes' as const,
        subject: { commonName, organizations: ['system:masters'] },
        sans: ['127.0.0.1', dnsName],
        usages: ['serverAuth' as const, 'clientAuth' as const],
        lifetimeDays: 1,
      };
      const leaf = await issueLeaf({ request, authority, validity, environment });
      return { ca: authority.certificate, cert: leaf.certificate, key: leaf.privateKey };
    },
  };
}
