/** A public key as it stands in *.pub files and authorized_keys: type, base64 and a comment. */
export interface PublicKeyLine {
  /** e.g. `ssh-ed25519`. */
  type: string;
  /** Base64 of the key. */
  blob: string;
  /** The line without surrounding white space. */
  text: string;
}

/** What sshd takes in authorized_keys today; DSA is gone, and certificates are another matter. */
const TYPES = /^(ssh-(ed25519|rsa)|ecdsa-sha2-nistp(256|384|521)|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com)$/;

/** undefined when the line is no public key; `publicKeyProblem` tells why. */
export function parsePublicKey(line: string): PublicKeyLine | undefined {
  const text = line.trim();
  const [type = '', blob = ''] = text.split(/\s+/);
  return publicKeyProblem(text) === undefined ? { type, blob, text } : undefined;
}

/** What keeps a line from being a public key; never quotes it, for it may be a private one. */
export function publicKeyProblem(line: string): string | undefined {
  const text = line.trim();
  if (text.includes('PRIVATE KEY')) return 'is a private key; only the public half, *.pub, may leave this machine';
  const [type = '', blob = ''] = text.split(/\s+/);
  if (type.includes('-cert-v01@')) return 'is a certificate; name the plain public key instead';
  if (!TYPES.test(type)) return 'is not an SSH public key such as `ssh-ed25519 AAAA… name`';
  if (/[\r\n]/.test(text)) return 'holds more than one line';
  return typeInside(blob) === type ? undefined : 'is a damaged SSH public key: its base64 does not hold such a key';
}

/** RFC 4253 §6.6: the key begins with its type as a string, a 32-bit length and that many bytes. */
function typeInside(base64: string): string | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined;
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length < 4) return undefined;
  const end = 4 + bytes.readUInt32BE(0);
  return bytes.length > end ? bytes.subarray(4, end).toString('latin1') : undefined;
}
