import { type DisklessError, refusal } from '../errors.js';
import type { PublicKey } from './key-format.js';
import { isPlainKey, type KnownHostsEntry } from './known-hosts.js';
import type { HostKey } from './transport.js';

/** `--host-key-policy`. */
export const HOST_KEY_POLICIES = ['strict', 'per-boot', 'insecure'] as const;
export type HostKeyPolicy = (typeof HOST_KEY_POLICIES)[number];

export interface HostKeyQuestion {
  policy: HostKeyPolicy;
  /** `SHA256:…` fingerprints from the config; when there are any, nothing else counts. */
  pins: readonly string[];
  /** Entries of known_hosts that speak of this host; under `per-boot` only those of jump hosts are looked up. */
  known: readonly KnownHostsEntry[];
  /** Files `known` was looked up in, for the message. */
  knownHostsFiles: readonly string[];
  presented: PublicKey;
  /** Name a person knows the host by. */
  place: string;
}

/**
 * Decides at connect time, before anything is sent that needs trust. undefined: go on (under `per-boot` the caller
 * still owes judgePerBoot as soon as it knows the boot_id).
 */
export function judgeHostKey(question: HostKeyQuestion): DisklessError | undefined {
  const { policy, pins, presented } = question;
  if (pins.length > 0) return pins.includes(presented.fingerprint) ? undefined : pinMismatch(question);
  if (policy === 'strict') return judgeStrict(question);
  return policy === 'per-boot' && isSpokenOf(question) ? judgeStrict(question) : undefined;
}

/** That another key is revoked, for this host or for all, says nothing of this one. */
export function isSpokenOf({ known, presented }: { known: readonly KnownHostsEntry[]; presented: HostKey }): boolean {
  return known.some(({ marker, key }) => marker !== 'revoked' || key.fingerprint === presented.fingerprint);
}

function pinMismatch({ pins, presented, place }: HostKeyQuestion): DisklessError {
  return refused(
    `${place} presents ${showKey(presented)}, which is not the pinned host key ${pins.join(' or ')}`,
    'compare with `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` on its console, then correct hostKeys in the config',
  );
}

function judgeStrict({ known, knownHostsFiles, presented, place }: HostKeyQuestion): DisklessError | undefined {
  const same = known.filter((entry) => entry.key.blob.equals(presented.blob));
  const revoked = same.find((entry) => entry.marker === 'revoked');
  if (revoked) {
    return refused(
      `${place} presents ${showKey(presented)}, which ${revoked.place} marks as revoked`,
      'give the host a new key',
    );
  }
  if (same.some(isPlainKey)) return undefined;

  const other = known.filter(isPlainKey);
  if (other.length > 0) {
    const expected = other.map((entry) => `${showKey(entry.key)} (${entry.place})`).join(', ');
    return refused(
      `${place} presents ${showKey(presented)}, but known_hosts has ${expected}`,
      'if the host was reinstalled on purpose, replace the line; RAM-only nodes make new keys at each boot: use the policy per-boot, or pin keys you provision',
    );
  }
  const authority = known.find((entry) => entry.marker === 'cert-authority');
  if (authority) {
    return refused(
      `${place} is known only by the certificate authority in ${authority.place}; host certificates are not supported`,
      'pin the host key in the config or add its plain key to known_hosts',
    );
  }
  return refused(
    `${place} presents ${showKey(presented)}, which is in none of ${knownHostsFiles.join(', ') || '(no known_hosts file)'}`,
    'connect once with ssh and accept the key, or pin it in the config',
  );
}

export interface PerBootQuestion {
  /** What state remembers of the node; undefined: first contact. */
  record: { bootId: string; hostKey: HostKey } | undefined;
  /** This epoch, read over the connection being judged. */
  bootId: string;
  presented: HostKey;
  place: string;
}

export type PerBootVerdict =
  | { kind: 'accepted-known' }
  /** To be recorded and reported; `previous` is the key of the boot before. */
  | { kind: 'accepted-new-boot'; previous?: HostKey }
  | { kind: 'refused'; error: DisklessError };

/** One key per boot epoch: a new one is normal after a reboot, and never within one boot. */
export function judgePerBoot({ record, bootId, presented, place }: PerBootQuestion): PerBootVerdict {
  if (record === undefined) return { kind: 'accepted-new-boot' };
  if (record.hostKey.fingerprint === presented.fingerprint) return { kind: 'accepted-known' };
  if (record.bootId !== bootId) return { kind: 'accepted-new-boot', previous: record.hostKey };
  return {
    kind: 'refused',
    error: refusal({
      code: 'host-key-changed',
      message: `${place} presents ${showKey(presented)}, but earlier in the same boot (boot_id ${bootId}) it was ${showKey(record.hostKey)}`,
      hint: 'someone may be standing between; compare the fingerprint on the node’s console, and reboot the node if the key was changed on purpose',
    }),
  };
}

/** For a person, of a key that is believed because the boot is a new one. */
export function newHostKeyMessage(presented: HostKey, previous: HostKey | undefined): string {
  const was = previous ? `, its last boot had ${previous.fingerprint}` : '';
  return `new host key of this boot: ${showKey(presented)}${was}`;
}

/** For a person. */
export function showKey(key: HostKey): string {
  return `${key.type} ${key.fingerprint}`;
}

function refused(message: string, hint: string): DisklessError {
  return refusal({ code: 'host-key-refused', message, hint });
}

const ALGORITHMS = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
] as const;

export type HostKeyAlgorithm = (typeof ALGORITHMS)[number];

/**
 * Algorithms to offer, those of the key types we already know of this host first: a server with several keys would
 * otherwise show one we cannot compare.
 */
export function hostKeyAlgorithms(knownTypes: readonly string[]): HostKeyAlgorithm[] {
  const isKnown = (algorithm: HostKeyAlgorithm) =>
    knownTypes.includes(algorithm.startsWith('rsa-') ? 'ssh-rsa' : algorithm);
  return [...ALGORITHMS.filter(isKnown), ...ALGORITHMS.filter((algorithm) => !isKnown(algorithm))];
}
