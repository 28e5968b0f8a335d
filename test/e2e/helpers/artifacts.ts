import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new directory for what a suite leaves for people to read: below K8S_DISKLESS_TEST_ARTIFACTS, or among temporary files. */
export async function artifactDirectory(suite: string): Promise<string> {
  const below = process.env.K8S_DISKLESS_TEST_ARTIFACTS ?? tmpdir();
  await mkdir(below, { recursive: true });
  return mkdtemp(join(below, `k8s-diskless-${suite}-`));
}
