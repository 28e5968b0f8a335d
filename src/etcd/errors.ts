import { DisklessError } from '../errors.js';

/** google.golang.org/grpc/codes, as far as etcd uses them → our code when nothing more precise is known. */
const BY_GRPC_CODE: Readonly<Record<number, string>> = {
  3: 'etcd-invalid',
  4: 'etcd-timeout',
  5: 'etcd-not-found',
  7: 'etcd-forbidden',
  8: 'etcd-exhausted',
  9: 'etcd-precondition',
  12: 'etcd-unsupported',
  14: 'etcd-unavailable',
  16: 'etcd-forbidden',
};

/**
 * Errors told apart by their text, for want of anything else: etcd gives the same gRPC code to conditions with opposite
 * remedies (9 is "not in sync yet" as well as "already a voter") and nothing more over the JSON gateway. These
 * descriptions are constants of its client protocol (api/v3rpc/rpctypes/error.go, unchanged from 3.4 to 3.7), and
 * etcd's own Go client looks errors up by them too.
 */
const BY_DESCRIPTION: Readonly<Record<string, string>> = {
  'etcdserver: unhealthy cluster': 'etcd-unhealthy-cluster',
  'etcdserver: can only promote a learner member which is in sync with leader': 'etcd-learner-not-ready',
  'etcdserver: can only promote a learner member': 'etcd-not-a-learner',
  'etcdserver: too many learner members in cluster': 'etcd-too-many-learners',
  'etcdserver: re-configuration failed due to not enough started members': 'etcd-not-enough-started',
  'etcdserver: member ID already exist': 'etcd-member-exists',
  'etcdserver: Peer URLs already exists': 'etcd-member-exists',
  'etcdserver: rpc not supported for learner': 'etcd-is-learner',
  'etcdserver: no leader': 'etcd-no-leader',
  'etcdserver: leader changed': 'etcd-no-leader',
  'etcdserver: request timed out': 'etcd-timeout',
  'etcdserver: request timed out, possibly due to previous leader failure': 'etcd-timeout',
  'etcdserver: request timed out, possibly due to connection lost': 'etcd-timeout',
  'etcdserver: server stopped': 'etcd-unavailable',
};

/** Codes with which the same request may well succeed a moment later: a leader is being chosen, a member restarts. */
const PASSING = new Set([
  'etcd-unreachable',
  'etcd-connection-lost',
  'etcd-timeout',
  'etcd-unavailable',
  'etcd-no-leader',
  'etcd-no-answer',
]);

export function isPassingInEtcd(error: unknown): error is DisklessError {
  return error instanceof DisklessError && PASSING.has(error.code);
}

/** Who refused what. */
interface Asked {
  /** e.g. `etcd of s4`. */
  label: string;
  host: string;
  /** What was asked, e.g. `member add`. */
  operation: string;
}

export interface EtcdErrorOptions extends Asked {
  httpStatus: number;
  body: string;
}

export interface EtcdRefusal extends Asked {
  message: string;
  grpcCode?: number | undefined;
}

/** A refusal by the gateway: `{error, message, code}` up to 3.5, `{code, message, details}` from 3.6 on. */
export function etcdError({ httpStatus, body, ...asked }: EtcdErrorOptions): DisklessError {
  const { message, code } = parseRefusal(body);
  return etcdRefusal({ ...asked, message: message ?? `HTTP ${httpStatus}`, grpcCode: code });
}

/** A refusal as gRPC knows it: a code and etcd's own description. */
export function etcdRefusal({ message, grpcCode = -1, label, host, operation }: EtcdRefusal): DisklessError {
  return new DisklessError({
    code: BY_DESCRIPTION[message] ?? BY_GRPC_CODE[grpcCode] ?? 'etcd-failed',
    message: `${label} refused ${operation}: ${message}`,
    host,
  });
}

function parseRefusal(body: string): { message?: string; code?: number } {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed !== 'object' || parsed === null) return {};
    const { message, code } = parsed as Record<string, unknown>;
    return { ...(typeof message === 'string' && { message }), ...(typeof code === 'number' && { code }) };
  } catch {
    return {};
  }
}
