import { DisklessError } from '../errors.js';

/** What a step that defers itself waits for: whatever follows this sequence, or that its host answers. */
export type DeferredUntil = 'next-pass' | 'host-answers';

/** Nothing failed: the step is skipped, and is to be run by a later sequence. */
export class Deferral extends DisklessError {
  constructor(
    host: string,
    message: string,
    readonly until: DeferredUntil,
  ) {
    super({ code: 'dependency-failed', host, message });
  }
}
