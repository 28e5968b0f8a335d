import { onAbortError } from './abort-error.js';

/** A counting semaphore: whoever comes first is served first, and a waiter may give up by its signal. */
export class Slots {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(size: number) {
    this.#free = size;
  }

  /** Resolves with the function that gives the slot back (calling it again does nothing). */
  acquire(signal?: AbortSignal): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const take = () => {
        this.#waiting.delete(take);
        stopListening();
        this.#free--;
        resolve(this.#releaseOnce());
      };
      this.#waiting.add(take);
      const stopListening = onAbortError(signal, (error) => {
        this.#waiting.delete(take);
        reject(error);
      });
      this.#serve();
    });
  }

  #releaseOnce(): () => void {
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#free++;
      this.#serve();
    };
  }

  #serve(): void {
    for (const take of this.#waiting) {
      if (this.#free === 0) return;
      take();
    }
  }
}
