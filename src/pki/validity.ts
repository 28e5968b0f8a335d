import type { X509Certificate } from 'node:crypto';
import { wholeSeconds } from './certificate.js';
import { type AuthorityId, authorityId, type PkiProfiles } from './profile-schema.js';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

export interface Period {
  notBefore: Date;
  notAfter: Date;
}

interface LeafPeriod {
  issuedAt: Date;
  lifetimeDays: number;
  validity: PkiProfiles['validity'];
  /** Nothing outlives its issuer: a chain is only as valid as its shortest part. */
  issuerNotAfter: Date;
}

/** When a leaf issued at some time is valid. */
export function leafPeriod({ issuedAt, lifetimeDays, validity, issuerNotAfter }: LeafPeriod): Period {
  const notBefore = wholeSeconds(issuedAt.getTime() - validity.backdateHours * HOUR_MS);
  const full = notBefore.getTime() + validity.backdateHours * HOUR_MS + lifetimeDays * DAY_MS;
  return { notBefore, notAfter: new Date(Math.min(full, issuerNotAfter.getTime())) };
}

/** When a certificate that starts at `notBefore` was issued, by the same backdating. */
export function issuedAt(notBefore: Date, validity: PkiProfiles['validity']): Date {
  return new Date(notBefore.getTime() + validity.backdateHours * HOUR_MS);
}

/** node:crypto gives dates as OpenSSL prints them (`Nov 20 01:25:00 2026 GMT`); Node 20 has no Date of its own here. */
export function periodOf(certificate: X509Certificate): Period {
  return { notBefore: new Date(certificate.validFrom), notAfter: new Date(certificate.validTo) };
}

export interface ExpiringAuthority {
  /** `users`: that of people. */
  id: AuthorityId | 'users';
  notAfter: Date;
}

interface ExpiringAuthorities {
  authorities: Record<AuthorityId, { notAfter: Date }>;
  users: { notAfter: Date };
  profiles: PkiProfiles;
  now: Date;
}

/** Authorities that end within a leaf's lifetime and so shorten new leaves: time to renew them. */
export function expiringAuthorities({ authorities, users, profiles, now }: ExpiringAuthorities): ExpiringAuthority[] {
  const longest = Math.max(...Object.values(profiles.leaves).map(({ lifetimeDays }) => lifetimeDays));
  const horizon = now.getTime() + longest * DAY_MS;
  const all = authorityId.options.map((id) => ({ id, notAfter: authorities[id].notAfter }));
  return [...all, { id: 'users' as const, notAfter: users.notAfter }].filter(
    ({ notAfter }) => notAfter.getTime() < horizon,
  );
}
