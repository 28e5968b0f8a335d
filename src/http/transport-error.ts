import { DisklessError } from '../errors.js';
import { CertificateRefused, ConnectFailed } from './secure-stream.js';

/** A server as errors name it. */
export interface Served {
  /** Prefix of the error codes: `-unreachable` (nothing was sent), `-connection-lost`, `-timeout`, `-certificate`. */
  service: 'kube' | 'etcd';
  /** e.g. `kube-apiserver of s4`. */
  label: string;
  /** Node the errors belong to. */
  host?: string | undefined;
}

/** What kept an answer from coming, as an error of ours. @param what was asked, e.g. `GET /readyz` */
export function transportError(server: Served, what: string, thrown: unknown): DisklessError {
  if (thrown instanceof DisklessError) return thrown;
  if (thrown instanceof CertificateRefused) {
    const hint = 'the address may belong to another machine, or the certificates to another cluster';
    const message = `does not present a certificate of this cluster: ${thrown.message}`;
    return serverError(server, 'certificate', message, { cause: thrown, hint });
  }
  if (thrown instanceof ConnectFailed)
    return serverError(server, 'unreachable', `cannot be reached: ${thrown.message}`, { cause: thrown });
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return serverError(server, 'connection-lost', `broke off ${what}: ${reason}`, { cause: thrown });
}

/** @param kind of error, after the service's name in its code */
export function serverError(
  { service, label, host }: Served,
  kind: string,
  message: string,
  more: { cause?: unknown; hint?: string } = {},
): DisklessError {
  return new DisklessError({
    code: `${service}-${kind}`,
    message: `${label} ${message}`,
    ...(host !== undefined && { host }),
    ...more,
  });
}
