import { DisklessError } from '../errors.js';
import type { Status } from './objects.js';

/** metav1.StatusReason → our code. What is not here is told apart by its HTTP status only. */
const BY_REASON: Readonly<Record<string, string>> = {
  AlreadyExists: 'kube-already-exists',
  BadRequest: 'kube-bad-request',
  Conflict: 'kube-conflict',
  Expired: 'kube-gone',
  Forbidden: 'kube-forbidden',
  Gone: 'kube-gone',
  InternalError: 'kube-internal',
  Invalid: 'kube-invalid',
  MethodNotAllowed: 'kube-unsupported',
  NotFound: 'kube-not-found',
  ServerTimeout: 'kube-busy',
  ServiceUnavailable: 'kube-unavailable',
  Timeout: 'kube-busy',
  TooManyRequests: 'kube-busy',
  Unauthorized: 'kube-unauthorized',
  UnsupportedMediaType: 'kube-unsupported',
};

const BY_HTTP_STATUS: Readonly<Record<number, string>> = {
  400: 'kube-bad-request',
  401: 'kube-unauthorized',
  403: 'kube-forbidden',
  404: 'kube-not-found',
  405: 'kube-unsupported',
  409: 'kube-conflict',
  410: 'kube-gone',
  415: 'kube-unsupported',
  422: 'kube-invalid',
  429: 'kube-busy',
  500: 'kube-internal',
  503: 'kube-unavailable',
  504: 'kube-busy',
};

/** corev1.NamespaceTerminatingCause, of a refusal whose reason alone would be that of missing rights. */
const ENDING = 'NamespaceTerminating';

/** Codes with which the same request may well succeed a moment later, here or at another control plane. */
const PASSING = new Set([
  'kube-unreachable',
  'kube-connection-lost',
  'kube-timeout',
  'kube-unavailable',
  'kube-busy',
  'kube-internal',
]);

export interface ApiErrorOptions {
  httpStatus: number;
  /** The body as it came: a Status in JSON, or whatever a proxy or a starting server wrote. */
  body: string;
  /** e.g. `GET /api/v1/nodes/s4`. */
  request: string;
  label: string;
  host?: string | undefined;
}

export function apiError({ httpStatus, body, request, label, host }: ApiErrorOptions): DisklessError {
  const status = parseStatus(body);
  const code = codeOf(httpStatus, status);
  const answer = status?.message ?? body.trim().slice(0, 400);
  return new DisklessError({
    code,
    message: `${label} refused ${request}: ${answer === '' ? `HTTP ${httpStatus}` : answer}`,
    ...(host !== undefined && { host }),
    ...(code === 'kube-unauthorized' && {
      hint: 'it does not accept our certificate: the cluster may have been built with another state directory',
    }),
  });
}

/** For Status objects that arrive inside a stream. */
export function statusError(status: Status, request: string, label: string): DisklessError {
  return apiError({ httpStatus: status.code ?? 500, body: JSON.stringify(status), request, label });
}

export function isPassing(error: unknown): error is DisklessError {
  return error instanceof DisklessError && PASSING.has(error.code);
}

export function hasCode(error: unknown, code: string): error is DisklessError {
  return error instanceof DisklessError && error.code === code;
}

function codeOf(httpStatus: number, status: Status | undefined): string {
  if (status?.details?.causes?.some(({ reason }) => reason === ENDING)) return 'kube-namespace-ending';
  return BY_REASON[status?.reason ?? ''] ?? BY_HTTP_STATUS[httpStatus] ?? 'kube-failed';
}

function parseStatus(body: string): Status | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    return isStatus(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

export function isStatus(value: unknown): value is Status {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'Status';
}
