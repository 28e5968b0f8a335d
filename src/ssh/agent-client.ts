import type { Duplex } from 'node:stream';
import ssh2, { type GetStreamCallback } from 'ssh2';

/** ssh2's client of an SSH agent that can hang up: a connection to one that does not answer keeps the process alive. */
export class AgentClient extends ssh2.OpenSSHAgent {
  readonly #streams = new Set<Duplex>();
  #isOver = false;

  /** Every request has a connection of its own. */
  override getStream(callback: GetStreamCallback): void {
    super.getStream((error, stream) => {
      if (stream) this.#keep(stream);
      callback(error, stream);
    });
  }

  /** Requests under way fail, and so do later ones. */
  hangUp(): void {
    this.#isOver = true;
    for (const stream of this.#streams) stream.destroy();
  }

  #keep(stream: Duplex): void {
    this.#streams.add(stream);
    stream.once('close', () => this.#streams.delete(stream));
    if (this.#isOver) stream.destroy();
  }
}
