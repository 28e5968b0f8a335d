/** Data directories that were claimed for a new life in this pass: each is marked as open by exactly one. */
export interface EtcdClaims {
  /**
   * It was claimed, and its marker says this until it is open.
   *
   * @returns whether the quorum was recorded before: who claimed then has to open it
   */
  claimed(node: string, marker: string): boolean;
  /** The quorum is recorded. @returns who claimed before: it is for who recorded it to open these */
  quorumRecorded(): string[];
  /** What the marker of a directory says that is not open; undefined where none was claimed. */
  marker(node: string): string | undefined;
  opened(node: string): void;
}

export function createEtcdClaims(): EtcdClaims {
  const markers = new Map<string, string>();
  let isRecorded = false;
  return {
    claimed(node, marker) {
      markers.set(node, marker);
      return isRecorded;
    },
    quorumRecorded() {
      isRecorded = true;
      return [...markers.keys()];
    },
    marker: (node) => markers.get(node),
    opened: (node) => void markers.delete(node),
  };
}
