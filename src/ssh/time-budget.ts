/** How long a server may take for something in several attempts; what we wait for by ourselves does not count. */
export class TimeBudget {
  #deadline: number;

  constructor(milliseconds: number) {
    this.#deadline = performance.now() + milliseconds;
  }

  /** Whole milliseconds, at least one: for timers. */
  get leftMs(): number {
    return Math.max(1, Math.ceil(this.#deadline - performance.now()));
  }

  async without<T>(waiting: Promise<T>): Promise<T> {
    const began = performance.now();
    const result = await waiting;
    this.#deadline += performance.now() - began;
    return result;
  }
}
