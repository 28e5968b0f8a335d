import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

const generate = promisify(generateKeyPair);

/** A new ECDSA P-256 key: made in microseconds where RSA takes tens of milliseconds, and accepted since Kubernetes 1.20. */
export async function newPrivateKey(): Promise<KeyObject> {
  const { privateKey } = await generate('ec', { namedCurve: 'prime256v1' });
  return privateKey;
}

export function privateKeyPem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

export function publicKeyPem(privateKey: KeyObject): string {
  return createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString();
}

/** undefined when the text is not a whole P-256 private key: truncated, encrypted, of another kind. */
export function readPrivateKey(pem: string): KeyObject | undefined {
  const key = attempt(() => createPrivateKey(pem));
  return key?.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? key : undefined;
}

/** undefined when the text is not a whole public key. */
export function readPublicKey(pem: string): KeyObject | undefined {
  return attempt(() => createPublicKey(pem));
}

function attempt<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
