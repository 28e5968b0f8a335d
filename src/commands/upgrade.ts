import { takeBackup } from '../app/backup.js';
import type { BroughtUp } from '../app/bring-up.js';
import { bringUp } from '../app/bring-up.js';
import { journal } from '../app/journal.js';
import { sshOfRequest } from '../app/ssh-of-request.js';
import { beginUpgrade, type UpgradeOutlook, type UpgradeRequest, upgradeOutlook } from '../app/upgrade.js';
import { upgradeObstacles } from '../app/upgrade-obstacles.js';
import { EXIT } from '../errors.js';
import { upgradeLines } from '../ui/upgrade-view.js';
import { interruptible } from './interrupt.js';
import { lockBesideDaemon } from './lock-beside-daemon.js';
import type { ClusterFlags } from './options.js';
import { print } from './output-lost.js';
import { throughStages } from './upgrade-stages.js';
import { artifactLines, openUpView, reportError, tellLine } from './view.js';

export interface UpgradeFlags extends ClusterFlags, Omit<UpgradeRequest, 'newCluster' | 'verify'> {
  /** Only say what it would do. */
  plan: boolean;
}

const COMMAND = 'upgrade';

export function upgradeCommand(flags: UpgradeFlags): Promise<number> {
  return interruptible(async (signal) => {
    const request: UpgradeRequest = { ...flags, newCluster: false, verify: false };
    const looked = { onArtifact: flags.output === 'json' ? () => {} : artifactLines(), signal };
    const outlook = await upgradeOutlook(request, looked);
    if (outlook === undefined) {
      tellLine('nothing to do: the cluster has these versions');
      return EXIT.done;
    }
    if (flags.plan) return planned(outlook, request, signal);
    if (!outlook.isBegun) {
      const exit = await prepared(outlook, { flags, request, signal });
      if (exit !== EXIT.done) return exit;
      await beginUpgrade(outlook, (path) => lockBesideDaemon(path, COMMAND, signal));
    }
    return (await throughStages(() => oneRun({ flags, request, signal }))).result.exit;
  });
}

async function planned(outlook: UpgradeOutlook, request: UpgradeRequest, signal: AbortSignal): Promise<number> {
  const { recorded, upgrade } = outlook;
  const obstacles = await upgradeObstacles({ recorded, upgrade, ssh: sshOfRequest(request), tell: tellLine, signal });
  await print(`${upgradeLines({ spec: recorded.record.spec, upgrade, isBegun: outlook.isBegun }).join('\n')}\n`);
  for (const error of obstacles) process.stderr.write(reportError(error, { verbose: false }));
  return obstacles.length > 0 ? EXIT.refused : EXIT.done;
}

interface Run {
  flags: UpgradeFlags;
  request: UpgradeRequest;
  signal: AbortSignal;
}

/** A cluster that works as it is, with a snapshot of it, and nothing in the way. */
async function prepared({ recorded, upgrade }: UpgradeOutlook, run: Run): Promise<number> {
  const { request, signal } = run;
  const { result } = await oneRun({ ...run, request: { ...request, upgradingTo: upgrade.to } });
  if (result.exit !== EXIT.done) {
    tellLine('the upgrade has not begun: the cluster has to work as it is first');
    return result.exit;
  }
  const ssh = sshOfRequest(request);
  const [obstacle] = await upgradeObstacles({ recorded, upgrade, ssh, tell: tellLine, signal });
  if (obstacle) throw obstacle;
  await takeBackup({ recorded, ssh, reason: COMMAND, tell: tellLine, now: () => new Date(), signal });
  return EXIT.done;
}

function oneRun({ flags, request, signal }: Run): Promise<BroughtUp> {
  const { sink, onArtifact, end } = openUpView(flags);
  const lock = (path: string) => lockBesideDaemon(path, COMMAND, signal);
  return bringUp({ request, lock, sink, journal, onArtifact, signal }).finally(() => end());
}
