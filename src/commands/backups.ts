import type { Command } from 'commander';
import { addClusterOptions, addSourceOptions, addSshOptions, addStateOptions, option } from './options.js';
import { addSealOptions, addUnsealOptions } from './seal-options.js';

const EXAMPLES = `
Examples:
  k8s-diskless backup               take a snapshot now; up takes one whenever it changed something
  k8s-diskless backup --out b.age   the same, and a sealed copy of it to carry away; up --snapshot b.age restores it
  k8s-diskless backups              those there are, the newest first
  k8s-diskless backups verify       read all of them again, to the last byte
  k8s-diskless backups verify --restore   also start an etcd from the newest, on a node, and count what it serves
  k8s-diskless backups show 2-4711  all that is known of one; --objects lists what would come back
  k8s-diskless backups import b.age bring that copy back; up --snapshot b.age does it too
  k8s-diskless backups prune        let go what is neither new, nor one of its hour or day, nor the last of its incarnation
`;

/** `backup` and `backups`. @param finish Takes the exit code */
export function addBackupCommands(root: Command, finish: (exit: number) => void): void {
  const backup = root.command('backup').description('take a verified snapshot of the cluster’s etcd');
  addSourceOptions(addSshOptions(addClusterOptions(backup)))
    .addOption(option('--out <file>', 'write it to this file as well, sealed', 'BACKUP_OUT'))
    .addHelpText('after', EXAMPLES);
  addSealOptions(backup).action(async (flags, command) =>
    finish(await (await import('./backup.js')).backupCommand(flags, command)),
  );
  const backups = root
    .command('backups')
    .description('the snapshots that are kept of the cluster’s etcd')
    .addHelpText('after', EXAMPLES);
  addClusterOptions(backups.command('list', { isDefault: true }).description('list them')).action(async (flags) =>
    finish(await (await import('./backups-list.js')).listBackupsCommand(flags)),
  );
  addClusterOptions(backups.command('show').description('show all that is known of one'))
    .argument('<id>', 'as the list names it')
    .addOption(option('--objects', 'every object that is in it', 'BACKUPS_OBJECTS').default(false))
    .action(async (id: string, flags) =>
      finish(await (await import('./backups-list.js')).showBackupCommand(id, flags)),
    );
  const verify = backups.command('verify').description('read them again from the first byte to the last');
  addSourceOptions(addSshOptions(addStateOptions(verify)))
    .argument('[ids...]', 'only these')
    .addOption(
      option(
        '--restore',
        'start an etcd of its own from one, the newest unless named, beside that of a control plane, and count',
        'BACKUPS_RESTORE',
      ).default(false),
    )
    .action(async (ids: string[], flags) =>
      finish(await (await import('./backups-verify.js')).verifyBackupsCommand(ids, flags)),
    );
  addUnsealOptions(
    addStateOptions(backups.command('import').description('bring back one that backup --out wrote, and verify it')),
  )
    .argument('<file>', 'of backup --out')
    .action(async (file: string, flags) =>
      finish(await (await import('./backups-import.js')).importBackupCommand(file, flags)),
    );
  addStateOptions(backups.command('prune').description('let go what nobody needs any more')).action(async (flags) =>
    finish(await (await import('./backups-prune.js')).pruneBackupsCommand(flags)),
  );
}
