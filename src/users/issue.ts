import { X509Certificate } from 'node:crypto';
import type { Authority } from '../pki/authority.js';
import { type PkiEnvironment, REAL_ENVIRONMENT } from '../pki/environment.js';
import { issueLeaf, type Leaf } from '../pki/leaf.js';
import type { PkiProfiles } from '../pki/profile-schema.js';
import { periodOf } from '../pki/validity.js';
import { certificateSubject, type Subject } from './user-names.js';

export interface Issue {
  authority: Authority;
  subject: Subject;
  lifetimeDays: number;
  validity: PkiProfiles['validity'];
  environment?: PkiEnvironment;
}

/** A key and a client certificate of one person. @throws refusal `user-name-reserved` */
export async function issueForUser(options: Issue): Promise<{ leaf: Leaf; serial: string; notAfter: Date }> {
  const { authority, lifetimeDays, validity, environment = REAL_ENVIRONMENT } = options;
  const subject = certificateSubject(options.subject);
  const request = {
    name: subject.commonName,
    issuer: 'kubernetes' as const,
    subject,
    sans: [],
    usages: ['clientAuth' as const],
    lifetimeDays,
  };
  const leaf = await issueLeaf({ request, authority, validity, environment });
  const x509 = new X509Certificate(leaf.certificate);
  return { leaf, serial: x509.serialNumber, notAfter: periodOf(x509).notAfter };
}
