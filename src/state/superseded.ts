import { DisklessError, type DisklessErrorOptions, EXIT } from '../errors.js';
import { isSuperseded, type OperatorMark } from '../node/operator-mark.js';

export interface FoundMark {
  /** Who says so: `s4`, `etcd`. */
  where: string;
  found: OperatorMark | undefined;
  /** Node, where one alone says so. */
  host?: string;
}

/** Of two copies of a state one acts. @throws SupersededError where that is another one */
export function requireLatest(own: OperatorMark, { where, found, host }: FoundMark): void {
  if (found !== undefined && isSuperseded(own, found))
    throw superseded(own, { where, generation: found.generation, host });
}

/** By whom a state's place was taken, as it was found. */
export interface Superseding {
  where: string;
  generation: number;
}

/** Refusal (exit 5) `operator-superseded`. */
export class SupersededError extends DisklessError {
  readonly by: Superseding;

  constructor(by: Superseding, options: DisklessErrorOptions) {
    super(options);
    this.by = by;
  }

  protected override placed(options: DisklessErrorOptions): SupersededError {
    return new SupersededError(this.by, options);
  }
}

export function superseded(
  own: OperatorMark,
  { where, generation, host }: Superseding & { host?: string | undefined },
): SupersededError {
  return supersededError({ where, generation }, `this one is generation ${own.generation}`, host);
}

/** It was found once. Machines and etcd forget who acted last with a power cut; the state that was told does not. */
export const supersededAt = (at: string, by: Superseding): SupersededError =>
  supersededError(by, `this one was refused at ${at}, and is only read since`);

function supersededError({ where, generation }: Superseding, own: string, host?: string): SupersededError {
  return new SupersededError(
    { where, generation },
    {
      code: 'operator-superseded',
      exit: EXIT.refused,
      ...(host !== undefined && { host }),
      message: `another copy of this state is in use: ${where} knows it as generation ${generation}, and ${own}`,
      hint: `go on with that one; where nobody ever will, k8s-diskless state take-back --above ${generation} takes this one into use again`,
    },
  );
}
