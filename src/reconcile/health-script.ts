import type { HealthEndpoint } from '../components/health.js';
import { scriptText } from '../node/script-text.js';
import { bashScript, type RemoteCommand } from '../ssh/bash-script.js';

const SCRIPT = scriptText('health.bash');

export interface HealthScriptOptions {
  endpoints: readonly HealthEndpoint[];
  /** The program on the node that looks at containerd. */
  containerdCheck: string;
  /** How long the node waits for all of them to be well. */
  patienceS: number;
}

export interface Unhealthy {
  unit: string;
  /** The rest of a sentence about it, e.g. `does not answer`. */
  why: string;
}

/** Each daemon that is not well. A user's shell may have greeted before the answer. */
export function parseHealth(stdout: string): Unhealthy[] {
  return stdout.split('\n').flatMap((line) => {
    const [, unit, why] = /^unhealthy (\S+) (.*)/.exec(line) ?? [];
    return unit !== undefined && why !== undefined ? [{ unit, why }] : [];
  });
}

/** The node looks at its daemons until all of them are well, and tells what parseHealth reads. */
export function healthScript({ endpoints, containerdCheck, patienceS }: HealthScriptOptions): RemoteCommand {
  const asked = endpoints.flatMap(({ unit, url }) => [unit, url]);
  return bashScript(SCRIPT, String(patienceS), containerdCheck, ...asked);
}
