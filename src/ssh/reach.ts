import { deadline } from '../abort.js';
import { DisklessError } from '../errors.js';
import type { SshConnection } from './connection.js';
import type { EffectiveConfig } from './effective-config.js';
import type { ByteStream } from './keepalive.js';
import { openSocket, unreachable } from './open-socket.js';

export interface ReachOptions {
  config: EffectiveConfig;
  /** The jump host to go through. */
  jump: SshConnection | undefined;
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

/** The byte stream to the host's sshd: a TCP connection of our own, or one made by the jump host. */
export async function reach({ config, jump, timeoutMs, signal }: ReachOptions): Promise<ByteStream> {
  const { hostname, port, addressFamily: family } = config;
  if (!jump) return openSocket({ hostname, port, family, timeoutMs, signal });
  const place = `${hostname}:${port}`;
  const timeoutError = () => unreachable(place, `does not answer jump host ${jump.host}`);
  const limit = deadline({ parent: signal, ms: timeoutMs, reason: timeoutError });
  try {
    return await jump.forward(hostname, port, limit.signal);
  } catch (error) {
    const failed = error instanceof DisklessError && error.code === 'forward-failed';
    throw failed ? unreachable(place, `cannot be reached from jump host ${jump.host}`, error) : error;
  } finally {
    limit.release();
  }
}
