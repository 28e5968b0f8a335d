import type { NodeSession } from '../cluster/node-session.js';
import { CONTAINERD_UNIT } from '../components/containerd.js';
import { UNITS_OF_AN_INCARNATION } from '../components/roster.js';
import { PATHS } from '../node/paths.js';
import { scriptText } from '../node/script-text.js';
import { bashScript } from '../ssh/bash-script.js';
import { END_TIMEOUT_MS } from './removal.js';

export interface CleanMachineOptions {
  session: NodeSession;
  /** Whose what lies there has to be. */
  clusterId: string;
  incarnation: number;
  /** Of ours; in the order in which they start. */
  units: readonly string[];
  signal: AbortSignal;
}

/**
 * Ends what runs there and takes off what is ours. What was interrupted is done again; a machine with nothing of ours is
 * left as it is.
 *
 * @returns whose it is by now, where that is another cluster: then it was left as it is
 */
export async function cleanMachine(options: CleanMachineOptions): Promise<string | undefined> {
  const { session, clusterId, incarnation, units, signal } = options;
  const run = (script: string, label: string, ...args: string[]) =>
    session.runAsRoot(bashScript(scriptText(script), ...args), { label, timeoutMs: END_TIMEOUT_MS, signal });
  // Before anything ends there: it may be another cluster's.
  const look = { label: 'look whose machine it is', accept: [0, 1], signal };
  const marker = await session.runAsRoot({ command: `cat ${PATHS.marker}/cluster` }, look);
  const [found] = marker.stdout.trim().split(' ');
  if (!found) return undefined;
  if (found !== clusterId) return found;
  const life = [PATHS.marker, clusterId, String(incarnation)];
  await run('retire-past.bash', 'end its pods', ...life, 'end', ...UNITS_OF_AN_INCARNATION);
  const own = units.filter((unit) => unit !== CONTAINERD_UNIT).toReversed();
  const { stdout } = await run('leave-cluster.bash', 'take off what is ours', PATHS.marker, clusterId, ...own);
  return /^owned (\S+)/.exec(stdout)?.[1];
}
