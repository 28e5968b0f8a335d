import { onAbortError } from './abort-error.js';

/** Of a connection, without which no run gets anywhere: files stream in one while commands run in the other. */
export const LEAST_SESSIONS = 2;

/** A counting semaphore: whoever comes first is served first, and a waiter may give up by its signal. */
export class Slots {
  #size: number;
  #held = 0;
  readonly #waiting = new Set<() => void>();

  constructor(size: number) {
    this.#size = size;
  }

  get held(): number {
    return this.#held;
  }

  /** From now on no more than so many, whoever holds one keeps it. */
  limit(size: number): void {
    this.#size = Math.min(this.#size, size);
  }

  /** Resolves with the function that gives the slot back (calling it again does nothing). */
  acquire(signal?: AbortSignal): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const take = () => {
        this.#waiting.delete(take);
        stopListening();
        this.#held++;
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
      this.#held--;
      this.#serve();
    };
  }

  #serve(): void {
    for (const take of this.#waiting) {
      if (this.#held >= this.#size) return;
      take();
    }
  }
}
