import { type DisklessError, refusal } from '../errors.js';
import { isSuperseded, type OperatorMark } from '../node/operator-mark.js';

export interface FoundMark {
  /** Who says so: `s4`, `etcd`. */
  where: string;
  found: OperatorMark | undefined;
  /** Node, where one alone says so. */
  host?: string;
}

/** Of two copies of a state one acts. @throws refusal (exit 5) `operator-superseded` where that is another one */
export function requireLatest(own: OperatorMark, { where, found, host }: FoundMark): void {
  if (found !== undefined && isSuperseded(own, found))
    throw superseded(own, { where, generation: found.generation, host });
}

interface Superseding {
  where: string;
  generation: number;
  host?: string | undefined;
}

export function superseded(own: OperatorMark, { where, generation, host }: Superseding): DisklessError {
  return refusal({
    code: 'operator-superseded',
    ...(host !== undefined && { host }),
    message: `another copy of this state is in use: ${where} knows it as generation ${generation}, and this one is generation ${own.generation}`,
    hint: `go on with that one; where nobody ever will, k8s-diskless state take-back --above ${generation} takes this one into use again`,
  });
}
