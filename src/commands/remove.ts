import { setTimeout as sleep } from 'node:timers/promises';
import { bringUp } from '../app/bring-up.js';
import { type HeldKeys, heldKeys } from '../app/held-keys.js';
import { journal } from '../app/journal.js';
import type { RemoveNodeOptions } from '../app/removal.js';
import { removeNode } from '../app/remove-node.js';
import type { SourceRequest, SshRequest } from '../app/requests.js';
import { sshOfRequest } from '../app/ssh-of-request.js';
import { stateOf } from '../app/state-of.js';
import { type RecordedCluster, recordedCluster } from '../cluster/recorded-cluster.js';
import type { NodeSpec } from '../config/spec.js';
import { EXIT } from '../errors.js';
import { actUnderLock } from './act-under-lock.js';
import { interruptible } from './interrupt.js';
import { lockBesideDaemon } from './lock-beside-daemon.js';
import type { ClusterFlags } from './options.js';
import { openUpView, tellLine } from './view.js';

export interface RemoveFlags extends ClusterFlags, SshRequest, SourceRequest {
  /** Its machine is no more. */
  gone: boolean;
}

const COMMAND = 'remove';

export function removeCommand(name: string, flags: RemoveFlags): Promise<number> {
  return interruptible(async (signal) => {
    const recorded = await recordedCluster(stateOf(flags));
    const node = await removed(recorded, {
      name,
      isGone: flags.gone,
      ssh: sshOfRequest(flags),
      command: COMMAND,
      signal,
    });
    tellLine(keysText(name, await heldKeys(recorded.state.pki, name, node.role)));
    tellLine('what the other nodes have of it goes with this run of up:');
    const { sink, onArtifact, end } = openUpView(flags);
    const request = { ...flags, newCluster: false, verify: false };
    const lock = (path: string) => lockBesideDaemon(path, COMMAND, signal);
    const { result } = await bringUp({ request, lock, sink, journal, onArtifact, signal }).finally(() => end());
    tellLine(
      result.exit === EXIT.done ? `${name} is removed` : `${name} is removed; the others are not as they should be`,
    );
    return result.exit;
  });
}

export interface Removing extends Pick<RemoveNodeOptions, 'name' | 'isGone' | 'becomes' | 'ssh' | 'signal'> {
  /** Who holds the lock meanwhile. */
  command: string;
}

/** Under the state's lock. @throws as `removeNode` */
export function removed(recorded: RecordedCluster, { command, ...asked }: Removing): Promise<NodeSpec> {
  const pause = (ms: number, abort: AbortSignal) => sleep(ms, undefined, { signal: abort });
  const { state } = recorded;
  return actUnderLock({ state, command, signal: asked.signal }, () =>
    removeNode({ ...asked, recorded, tell: tellLine, sleep: pause }),
  );
}

/** What a person has to know who does not trust the machine. */
export function keysText(name: string, { shared, until }: HeldKeys): string {
  const own = until === undefined ? '' : `its own certificates are good until ${until.toISOString().slice(0, 10)}`;
  if (shared.length === 0) return `${name}: ${own}; without its Node object they give no rights over pods or Secrets`;
  return `${name} has held ${shared.join(', ')}; ${own}: where its machine is not to be trusted, save what is wanted and begin a new cluster`;
}
