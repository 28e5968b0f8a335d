/** That everything up to a moment is kept once a revision is. */
interface Proof {
  revision: number;
  reached: () => void;
}

/** What waits for revisions to be on the disk. */
export class Proofs {
  #waiting: Proof[] = [];

  add(proof: Proof): () => void {
    this.#waiting.push(proof);
    return () => {
      this.#waiting = this.#waiting.filter((each) => each !== proof);
    };
  }

  /** Whether one waits for no more than this. */
  areDue(position: number): boolean {
    return this.#waiting.some(({ revision }) => revision <= position);
  }

  /** @param synced the last revision that is on the disk */
  settle(synced: number): void {
    const settled = this.#waiting.filter(({ revision }) => revision <= synced);
    this.#waiting = this.#waiting.filter(({ revision }) => revision > synced);
    for (const { reached } of settled) reached();
  }
}
