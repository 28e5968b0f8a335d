/** What takes time when artifacts are prepared for the first time. */
export interface ArtifactProgress {
  stage: 'download' | 'verify' | 'compress';
  /** File or archive it is about, e.g. `kubelet`. */
  name: string;
  /** Bytes; `total` is 0 while the server has not said how many there will be. */
  done: number;
  total: number;
}

export type OnArtifactProgress = (progress: ArtifactProgress) => void;
