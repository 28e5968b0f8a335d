import type { OperatorMark } from '../node/operator-mark.js';
import { PATHS } from '../node/paths.js';
import { scriptText } from '../node/script-text.js';
import { bashReader } from '../ssh/bash-script.js';

/** It tells the protocol of the stream. */
const SCRIPT = scriptText('receive-files.bash');

export interface ReceiverOptions {
  clusterId: string;
  incarnation: number;
  operator: OperatorMark;
  /** SELinux labels must be restored after a file was moved into place. */
  relabel: boolean;
}

/**
 * The command that receives files on stdin. Unpacking yields the processor to services that were started while the rest
 * still arrives.
 */
export function receiverCommand({ clusterId, incarnation, operator, relabel }: ReceiverOptions): string {
  const places = [PATHS.marker, PATHS.staging, PATHS.images];
  const whose = [clusterId, incarnation, operator.generation, operator.id].map(String);
  const args = [...whose, ...places, ...(relabel ? ['relabel'] : [])];
  return `nice -n 5 ${bashReader(SCRIPT, 'receive-files', ...args)}`;
}
