import type { SshRequest } from '../app/requests.js';
import { sshOfRequest } from '../app/ssh-of-request.js';
import { stateOf } from '../app/state-of.js';
import { clusterStatus } from '../app/status.js';
import { type ClusterStatus, problemsOf } from '../cluster/cluster-status.js';
import { recordedCluster } from '../cluster/recorded-cluster.js';
import { statusDocument } from '../cluster/status-document.js';
import { EXIT } from '../errors.js';
import { statusLines } from '../ui/status-view.js';
import { interruptible } from './interrupt.js';
import type { ClusterFlags } from './options.js';
import { print } from './output-lost.js';
import { screenOf, tellLine } from './view.js';

export interface StatusFlags extends ClusterFlags, SshRequest {}

/** Exit 4 where something is not as it should be. */
export function statusCommand(flags: StatusFlags): Promise<number> {
  return interruptible(
    async (signal) => {
      const recorded = await recordedCluster(stateOf(flags));
      const status = await clusterStatus({ recorded, ssh: sshOfRequest(flags), tell: tellLine, signal });
      const now = new Date();
      await print(flags.output === 'json' ? `${JSON.stringify(statusDocument(status, now))}\n` : textOf(status, now));
      return problemsOf(status, now).length === 0 ? EXIT.done : EXIT.failed;
    },
    { hint: 'nothing was changed' },
  );
}

function textOf(status: ClusterStatus, now: Date): string {
  const { width, style } = screenOf(process.stdout);
  return `${statusLines({ status, now, width, style }).join('\n')}\n`;
}
