import { shellQuote } from '../../src/ssh/quote.js';
import { labPaths } from './naming.js';
import type { LabRecord } from './store.js';

/** With these variables `k8s-diskless up --hosts s4,s5,s6` works against the lab, and the cluster lives as long as it. */
export function labEnvironment({ plan, build }: LabRecord): Record<string, string> {
  return {
    K8S_DISKLESS_ARTIFACTS: build.artifacts,
    K8S_DISKLESS_IMAGES: build.images,
    K8S_DISKLESS_DNS_IMAGE: build.dnsImage,
    K8S_DISKLESS_SSH_CONFIG: labPaths(plan.name).sshConfig,
    K8S_DISKLESS_STATE_DIR: labPaths(plan.name).state,
  };
}

/** For `eval "$(lab env)"`. */
export function renderExports(environment: Readonly<Record<string, string>>): string {
  return Object.entries(environment)
    .map(([name, value]) => `export ${name}=${shellQuote(value)}\n`)
    .join('');
}
