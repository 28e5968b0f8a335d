import type { Command } from 'commander';
import { backUp, type SnapshotOut } from '../app/backup.js';
import type { SshRequest } from '../app/requests.js';
import { sshOfRequest } from '../app/ssh-of-request.js';
import { stateOf } from '../app/state-of.js';
import { recordedCluster } from '../cluster/recorded-cluster.js';
import { EXIT } from '../errors.js';
import { backedUpLines, plainOutLine } from '../ui/backups-view.js';
import { interruptible } from './interrupt.js';
import type { ClusterFlags } from './options.js';
import { print } from './output-lost.js';
import { sealOf } from './seal-keys.js';
import { refuseSealWords, type SealFlags } from './seal-options.js';
import { tellLine } from './view.js';

export interface BackupFlags extends ClusterFlags, SshRequest, SealFlags {
  /** Path of a file that the snapshot is written to as well. */
  out?: string;
  artifacts?: string;
  mirror?: string;
}

/** Version of the JSON form. */
const BACKUP_SCHEMA = 1;

export function backupCommand(flags: BackupFlags, command: Command): Promise<number> {
  return interruptible(
    async (signal) => {
      const recorded = await recordedCluster(stateOf(flags));
      const out = await outOf(flags, command, signal);
      const { artifacts, mirror } = flags;
      const place = { ...(artifacts !== undefined && { artifacts }), ...(mirror !== undefined && { mirror }) };
      const now = () => new Date();
      const done = await backUp({
        recorded,
        ssh: sshOfRequest(flags),
        place,
        reason: 'backup',
        out,
        tell: tellLine,
        now,
        signal,
      });
      if (out && out.to === undefined) tellLine(plainOutLine(out.path, done.snapshot));
      const result = { ...done, ...(out && { out: out.path }) };
      const text = `${backedUpLines(result).join('\n')}\n`;
      await print(flags.output === 'json' ? `${JSON.stringify({ v: BACKUP_SCHEMA, ...result })}\n` : text);
      return EXIT.done;
    },
    { hint: 'no snapshot was taken; those taken before are as they were' },
  );
}

async function outOf(flags: BackupFlags, command: Command, signal: AbortSignal): Promise<SnapshotOut | undefined> {
  const { out: path, force } = flags;
  if (path === undefined) {
    refuseSealWords(command);
    return undefined;
  }
  return { path, force, to: await sealOf(flags, path, signal) };
}
