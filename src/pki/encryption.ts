import { parse, stringify } from 'yaml';
import { z } from 'zod';

const KEY_BYTES = 32;

const encryptionKeys = z
  .array(
    z.strictObject({
      /** Stored in front of every value it encrypts (`k8s:enc:secretbox:v1:NAME:`), so no colon. */
      name: z.string().regex(/^[a-z0-9-]+$/),
      secret: z.base64().refine((secret) => Buffer.from(secret, 'base64').length === KEY_BYTES, {
        error: `must be ${KEY_BYTES} bytes in base64`,
      }),
    }),
  )
  .min(1)
  .refine((keys) => new Set(keys.map(({ name }) => name)).size === keys.length, { error: 'names must differ' });

/** Newest first: the first encrypts, every one decrypts, so that keys can be rotated. */
export type EncryptionKeys = z.output<typeof encryptionKeys>;

export function newEncryptionKeys(random: (size: number) => Buffer): EncryptionKeys {
  return [{ name: `key-${random(4).toString('hex')}`, secret: random(KEY_BYTES).toString('base64') }];
}

export function formatEncryptionKeys(keys: EncryptionKeys): string {
  return stringify(keys, { lineWidth: 0 });
}

/** undefined when the text is not a whole list of keys; parser messages are dropped, for they quote what they read. */
export function readEncryptionKeys(text: string): EncryptionKeys | undefined {
  try {
    return encryptionKeys.safeParse(parse(text)).data;
  } catch {
    return undefined;
  }
}

/**
 * kube-apiserver's --encryption-provider-config. `identity` last lets it read what was stored before encryption was on.
 * https://kubernetes.io/docs/tasks/administer-cluster/encrypt-data/
 */
export function encryptionConfiguration(keys: EncryptionKeys, resources: string[]): string {
  const configuration = {
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'EncryptionConfiguration',
    resources: [{ resources, providers: [{ secretbox: { keys } }, { identity: {} }] }],
  };
  return stringify(configuration, { lineWidth: 0 });
}
