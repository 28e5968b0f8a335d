import type { X509Certificate } from 'node:crypto';
import { dirname } from 'node:path';
import { type DisklessError, refusal } from '../errors.js';
import { type Authority, assemble } from './authority.js';
import { readCertificate } from './certificate.js';
import { readPrivateKey } from './keys.js';
import { authorityFiles, type PkiContents } from './pki-files.js';
import type { AuthorityId } from './profile-schema.js';
import { periodOf } from './validity.js';

export interface ReadAuthority {
  id: AuthorityId;
  contents: PkiContents;
  now: Date;
  /** To give it a new certificate; for all else it is of no use. */
  mayBeExpired?: boolean | undefined;
}

/**
 * An authority as it lies in the state directory, or undefined when neither half is there. Whatever is wrong with it is
 * for a person to put right: every kubeconfig and every node trusts it, so it is never replaced behind anyone's back.
 *
 * @throws DisklessError `ca-incomplete` `ca-unreadable` `ca-key-unreadable` `ca-key-mismatch` `ca-not-an-authority`
 *   `ca-expired` `ca-not-yet-valid` (exit 5).
 */
export function readAuthority({ id, contents, now, mayBeExpired = false }: ReadAuthority): Authority | undefined {
  const files = authorityFiles(id);
  const [certificate, privateKey] = [contents.get(files.certificate), contents.get(files.key)];
  const [certificatePath, keyPath] = [contents.path(files.certificate), contents.path(files.key)];
  const hint = restoreHint(contents.directory);
  if (certificate === undefined && privateKey === undefined) return undefined;
  if (certificate === undefined || privateKey === undefined) {
    const [missing, present] = certificate === undefined ? [certificatePath, keyPath] : [keyPath, certificatePath];
    throw refusal({ code: 'ca-incomplete', message: `${missing} is missing although ${present} is there`, hint });
  }
  const x509 = readCertificate(certificate);
  if (!x509) throw refusal({ code: 'ca-unreadable', message: `${certificatePath} is not a whole certificate`, hint });
  const key = readPrivateKey(privateKey);
  if (!key) throw refusal({ code: 'ca-key-unreadable', message: `${keyPath} is not a whole P-256 private key`, hint });
  if (!x509.checkPrivateKey(key)) {
    const message = `${keyPath} is not the key of ${certificatePath}`;
    throw refusal({ code: 'ca-key-mismatch', message, hint });
  }
  if (!x509.ca || !x509.verify(x509.publicKey)) {
    const message = `${certificatePath} is not the certificate of a root authority`;
    throw refusal({ code: 'ca-not-an-authority', message, hint });
  }
  refuseBeforeItsTime(x509, certificatePath, now);
  if (!mayBeExpired) refuseExpired(x509, certificatePath, now);
  return assemble({ certificate, privateKey, key, x509 });
}

function refuseExpired(x509: X509Certificate, path: string, now: Date): void {
  const { notAfter } = periodOf(x509);
  if (now < notAfter) return;
  throw refusal({
    code: 'ca-expired',
    message: `the authority ${path} expired at ${notAfter.toISOString()}`,
    hint: "if this machine's clock is right: k8s-diskless pki renew gives it a new certificate over the same key, and up then brings that to the nodes",
  });
}

function refuseBeforeItsTime(x509: X509Certificate, path: string, now: Date): void {
  const { notBefore } = periodOf(x509);
  if (now >= notBefore) return;
  const message = `the authority ${path} is valid from ${notBefore.toISOString()} on, and this machine's clock says ${now.toISOString()}`;
  throw refusal({ code: 'ca-not-yet-valid', message, hint: "set this machine's clock" });
}

/** @param directory The pki directory inside the state directory. */
export function restoreHint(directory: string): string {
  return (
    `restore ${directory} from a backup. Without one this cluster's identity is lost: move ${dirname(directory)} away, ` +
    'reboot the nodes, and `up` builds a new cluster with new certificates and kubeconfigs'
  );
}

export function missingAuthority(contents: PkiContents, id: AuthorityId): DisklessError {
  const { certificate, key } = authorityFiles(id);
  return refusal({
    code: 'ca-missing',
    message: `${contents.path(certificate)} and ${contents.path(key)} are missing, but the cluster was built with them`,
    hint: restoreHint(contents.directory),
  });
}
