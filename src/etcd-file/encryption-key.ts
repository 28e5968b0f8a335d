/** Which entry of an EncryptionConfiguration opens a value. */
export interface EncryptionKeyName {
  /** `aescbc`, `aesgcm`, `secretbox` or `kms`. */
  provider: string;
  /** Of the key; of kms the plugin's. */
  name: string;
}

const BEGINNING = Buffer.from('k8s:enc:');
/** A name has no limit that we know of; one that is longer is told from others by what it begins with. */
const LONGEST = 1024;

/** `kms:v2` too, whose names stand in the same place. Undefined: not encrypted. `start` and `end`: the value in these bytes. */
export function encryptionKeyOf(bytes: Buffer, start: number, end: number): EncryptionKeyName | undefined {
  if (bytes[start] !== BEGINNING[0] || bytes[start + 1] !== BEGINNING[1]) return undefined;
  const text = bytes.toString('latin1', start, Math.min(end, start + LONGEST));
  const [, provider, name] = /^k8s:enc:([a-z0-9]+):v\d+:([^:]+):/.exec(text) ?? [];
  return provider === undefined || name === undefined ? undefined : { provider, name };
}
