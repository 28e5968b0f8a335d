import { DisklessError } from '../errors.js';

/** RFC 4254 §5.1, reason code of SSH_MSG_CHANNEL_OPEN_FAILURE. */
const ADMINISTRATIVELY_PROHIBITED = 1;

/** What a person can do on a machine that opens too few sessions. */
export const MAX_SESSIONS_HINT = 'MaxSessions of sshd_config has to allow two sessions at least (its default is 10)';

export interface ChannelFailure {
  error: Error & { reason?: unknown };
  host: string;
  /** Label of the command, or the address to be reached. */
  what: string;
}

/** Why the server gave no session: ssh2's error carries the reason code only when the opening itself was refused. */
export function channelError({ error, host, what }: ChannelFailure): DisklessError {
  if (error.reason === undefined) {
    return new DisklessError({
      code: 'exec-refused',
      host,
      message: `${what}: the server runs no commands for this user`,
      hint: 'look for ForceCommand, a restricting authorized_keys option or a login shell of nologin',
      cause: error,
    });
  }
  return new DisklessError({
    code: 'channel-refused',
    host,
    message: `${what}: the server opens no further session on this connection`,
    hint: MAX_SESSIONS_HINT,
    detail: error.message,
    cause: error,
  });
}

/** Why the server made no TCP connection for us. */
export function forwardError({ error, host, what }: ChannelFailure): DisklessError {
  const prohibited = error.reason === ADMINISTRATIVELY_PROHIBITED;
  return new DisklessError({
    code: prohibited ? 'forward-prohibited' : 'forward-failed',
    host,
    message: prohibited ? `${host} does not forward to ${what}` : `${host} cannot reach ${what}`,
    hint: prohibited
      ? 'allow AllowTcpForwarding (and PermitOpen) in its sshd_config'
      : 'check that the address is up and routed',
    detail: error.message,
    cause: error,
  });
}
