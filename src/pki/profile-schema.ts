import { posix } from 'node:path';
import { z } from 'zod';
import { PATHS } from '../node/paths.js';
import { TEMPLATE_NAMES, templateNames } from './template.js';

/* Shape of pki/*.yaml. Strict: an unknown key is a typing error in data that decides who may do what. */

const SECRET_MODE = 0o600;

const identifier = z.string().regex(/^[a-z][a-z0-9-]*$/);
const days = z.number().int().positive();
const mode = z.number().int().min(0o400).max(0o644);

function pathUnder(directory: string) {
  return z.string().refine((path) => posix.normalize(path) === path && path.startsWith(`${directory}/`), {
    error: `must be a plain path under ${directory}`,
  });
}

const pkiPath = pathUnder(PATHS.pki);

const template = z.string().refine((text) => templateNames(text).every((name) => TEMPLATE_NAMES.includes(name)), {
  error: `placeholders are ${TEMPLATE_NAMES.map((name) => `\${${name}}`).join(' ')}`,
});

/** Part of a pair: only the key is a secret, and only a secret's mode is fixed. */
const delivery = z
  .strictObject({ part: z.enum(['certificate', 'key']), path: pkiPath, mode })
  .refine((entry) => entry.part !== 'key' || entry.mode === SECRET_MODE, { error: 'a private key has mode 0o600' });

const receiver = z.enum(['node', 'control-plane']);

const subject = z.strictObject({
  commonName: template.min(1),
  organizations: z.array(template.min(1)).default([]),
});

export const authorityId = z.enum(['kubernetes', 'etcd', 'front-proxy']);

const authority = z.strictObject({
  subject,
  lifetimeDays: days,
  deliver: z.array(delivery.safeExtend({ to: receiver })),
});

const publicFile = z.strictObject({ to: receiver, path: pkiPath, mode });

const serviceAccountDelivery = z
  .strictObject({ part: z.enum(['key', 'public-key']), to: receiver, path: pkiPath, mode })
  .refine((entry) => entry.part !== 'key' || entry.mode === SECRET_MODE, { error: 'a private key has mode 0o600' });

/** Certificates of several CAs in one file. `users`: that of people after them. */
const bundle = publicFile.extend({ authorities: z.array(authorityId).min(1), users: z.boolean().default(false) });
export type Bundle = z.output<typeof bundle>;

export const authoritiesFile = z.strictObject({
  validity: z.strictObject({ backdateHours: z.number().int().nonnegative(), renewBeforeDays: days }),
  authorities: z.record(authorityId, authority),
  bundles: z.record(identifier, bundle),
  serviceAccount: z.strictObject({ deliver: z.array(serviceAccountDelivery) }),
  encryption: publicFile.extend({ mode: z.literal(SECRET_MODE), resources: z.array(z.string()).min(1) }),
});

const extendedKeyUsage = z.enum(['serverAuth', 'clientAuth']);

const leaf = z
  .strictObject({
    issuer: authorityId,
    per: z.enum(['node', 'control-plane', 'operator']),
    subject,
    sans: z.array(template.min(1)).default([]),
    usages: z.array(extendedKeyUsage).min(1),
    lifetimeDays: days,
    deliver: z.array(delivery).default([]),
    kubeconfig: z.strictObject({ path: pathUnder(PATHS.kubernetes), mode }).optional(),
  })
  .refine((profile) => !profile.usages.includes('serverAuth') || profile.sans.length > 0, {
    error: 'a server needs SANs: clients no longer look at the common name',
  })
  .refine((profile) => profile.per !== 'operator' || (profile.deliver.length === 0 && !profile.kubeconfig), {
    error: "the operator's own certificates are delivered to no node",
  })
  .refine((profile) => profile.per !== 'operator' || !hasPlaceholder(profile), {
    error: "the operator's own certificates depend on no node and no setting",
  })
  .refine((profile) => !profile.kubeconfig || profile.deliver.length === 2, {
    error: 'a kubeconfig refers to the paths of certificate and key, so both must be delivered',
  });

export const leavesFile = z.strictObject({ leaves: z.record(identifier, leaf) });

function hasPlaceholder(profile: { subject: z.output<typeof subject>; sans: string[] }): boolean {
  const texts = [profile.subject.commonName, ...profile.subject.organizations, ...profile.sans];
  return texts.some((text) => templateNames(text).length > 0);
}

export type AuthorityId = z.output<typeof authorityId>;
export type ExtendedKeyUsage = z.output<typeof extendedKeyUsage>;
export type SubjectProfile = z.output<typeof subject>;
export type AuthorityProfile = z.output<typeof authority>;
export type LeafProfile = z.output<typeof leaf>;
export type Receiver = z.output<typeof receiver>;
/** Everything pki/*.yaml says. */
export type PkiProfiles = z.output<typeof authoritiesFile> & z.output<typeof leavesFile>;
