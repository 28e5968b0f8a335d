import { mirrorUrl } from '../../src/artifacts/http-source.js';
import { didYouMean } from '../../src/config/suggest.js';
import { usageError } from '../../src/errors.js';

/** Where Kubernetes, etcd and the CNI plugins come from. */
export type SoftwareSource =
  /** Built here. */
  | { from: 'modules' }
  /** Upstream's own builds, by its release servers or by a mirror of them. */
  | { from: 'releases'; mirror?: string };

/** As it was asked for. */
export interface SourceChoice {
  from?: string | undefined;
  mirror?: string | undefined;
}

const SOURCES = ['modules', 'releases'];

/** What was asked for here, else in the environment, else `modules`. @throws usage error */
export function softwareSource(choice: SourceChoice, env: NodeJS.ProcessEnv = process.env): SoftwareSource {
  const from = choice.from ?? (env.K8S_DISKLESS_LAB_FROM || 'modules');
  const known = choice.from === 'modules' ? undefined : env.K8S_DISKLESS_LAB_MIRROR || undefined;
  const mirror = choice.mirror ?? known;
  if (!SOURCES.includes(from)) {
    throw usageError({
      code: 'lab-source-unknown',
      message: `the lab takes its software from ${SOURCES.join(' or ')}, not from ${JSON.stringify(from)}`,
      hint: didYouMean(from, SOURCES) ?? 'see lab/README.md, Software',
    });
  }
  if (from === 'releases') return { from, ...(mirror !== undefined && { mirror: mirrorUrl(mirror).href }) };
  if (mirror === undefined) return { from: 'modules' };
  throw usageError({
    code: 'lab-mirror-unused',
    message: 'a mirror of release servers is named, but the lab builds from modules',
    hint: 'say --from releases, or K8S_DISKLESS_LAB_FROM=releases in the environment',
  });
}
