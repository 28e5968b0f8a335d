import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt } from '../../../lab/build/ensure-built.js';

export interface TwoGenerations {
  /** Binaries of both, as `download --to` the same directory twice would leave them. */
  artifacts: string;
  remove(): void;
}

/** The newest generation of the lab beside another one. */
export async function twoGenerations(older: string): Promise<TwoGenerations> {
  const progress = (line: string): void => void process.stderr.write(`${line}\n`);
  const artifacts = mkdtempSync(join(tmpdir(), 'k8s-diskless-artifacts-'));
  for (const generation of [older, 'newest']) {
    const build = await ensureBuilt({ generation, progress });
    cpSync(build.artifacts, artifacts, { recursive: true, dereference: true });
  }
  return { artifacts, remove: () => rmSync(artifacts, { recursive: true, force: true }) };
}
