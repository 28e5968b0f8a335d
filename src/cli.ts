#!/usr/bin/env node
import { Command, CommanderError, Option } from 'commander';
import { addBackupCommands } from './commands/backups.js';
import { addBenchCommand } from './commands/bench/bench-command.js';
import { addBootCommands } from './commands/boot.js';
import { addDownloadOptions } from './commands/download-options.js';
import { readFlagVariables } from './commands/flag-variables.js';
import {
  addClusterOptions,
  addRunOptions,
  addSourceOptions,
  addSshOptions,
  addStateOptions,
  addUpgradeOptions,
  addUpOptions,
  option,
} from './commands/options.js';
import { outliveOutputs, print } from './commands/output-lost.js';
import { addPkiCommands } from './commands/pki.js';
import { addUnsealOptions } from './commands/seal-options.js';
import { addServeOptions } from './commands/serve-options.js';
import { addStateCommands } from './commands/state.js';
import { addUsersCommands } from './commands/users.js';
import { versionText } from './commands/version.js';
import { EXIT, toDisklessError } from './errors.js';

const EXAMPLES = `
Examples:
  k8s-diskless up --hosts s4,s5,s6          create the cluster; run the same after every reboot
  k8s-diskless up                           the recorded cluster again
  k8s-diskless plan                         what up would do; changes nothing on the nodes
  k8s-diskless kubectl -- get nodes         kubectl with the admin kubeconfig
  k8s-diskless status                       nodes, etcd, certificates; exit 4 where something is wrong
  k8s-diskless upgrade --to 1.37 --plan     the stages of an upgrade, and what is in its way; without --plan it goes
  k8s-diskless remove s7                    drained, out of etcd, and everything of ours off it; --gone if it is no more
  k8s-diskless reset s9 --yes s9            the same for a machine that is no node, such as one that comes back after --gone
  k8s-diskless doctor                       all ways of the network, from inside pods; what fails, why, what to do
  k8s-diskless logs s5 kubelet --follow     what a component logs, while the node’s RAM has it
  k8s-diskless serve                        the same by itself after every reboot, with snapshots; nobody has to type
  k8s-diskless backup                       a verified snapshot of all objects; see backups --help
  k8s-diskless download --to /srv/k8s       all that up needs, for --artifacts at a site without internet
  k8s-diskless bench report                 the last benchmark run
  k8s-diskless boot serve --hosts s4,s5,s6  the machines’ operating system over the network; see boot --help
  k8s-diskless pki renew                    new certificates for authorities that end soon, over the same keys
`;

const wantsDetail = (argv: readonly string[]): boolean => argv.includes('-v') || argv.includes('--verbose');

/** A command's code is loaded when it runs: half of what `kubectl` or `boot` would take to start is the others'. */
function program(argv: readonly string[], finish: (exit: number) => void): Command {
  const root = new Command('k8s-diskless')
    .description('Builds a Kubernetes cluster on RAM-only machines over SSH, and rebuilds it after every reboot')
    .option('--version', 'print the version; with -v also Node.js, OpenSSL and the SSH crypto path')
    .on('option:version', () => {
      process.stdout.write(versionText({ verbose: wantsDetail(argv) }));
      throw new CommanderError(EXIT.done, 'version', '');
    })
    .showSuggestionAfterError()
    .addHelpText('after', EXAMPLES)
    .exitOverride();
  addUnsealOptions(addUpOptions(root.command('up').description('create the cluster, or restore it after reboots')))
    .addOption(option('--bench [preset]', 'run a benchmark afterwards (see bench)', 'UP_BENCH').preset('standard'))
    .action(async (flags) => finish(await (await import('./commands/up.js')).upCommand(flags)));
  addRunOptions(root.command('plan').description('show what up would do; changes nothing on the nodes')).action(
    async (flags) => finish(await (await import('./commands/up.js')).planCommand(flags)),
  );
  addUpgradeOptions(
    root.command('upgrade').description('bring the cluster to another version of Kubernetes, node by node'),
  ).action(async (flags) => finish(await (await import('./commands/upgrade.js')).upgradeCommand(flags)));
  addSshOptions(
    addSourceOptions(addClusterOptions(root.command('remove').description('take a node out of the cluster for good'))),
  )
    .argument('<node>', 'name of the node')
    .addOption(new Option('--gone', 'its machine is no more, and cannot be asked for anything').default(false))
    .action(async (node: string, flags) =>
      finish(await (await import('./commands/remove.js')).removeCommand(node, flags)),
    );
  addSshOptions(
    addStateOptions(root.command('reset').description('take everything of ours off a machine that is no node')),
  )
    .argument('<host>', 'its name, or name=user@address:port')
    .addOption(new Option('--yes <name>', 'its name again'))
    .action(async (host: string, flags) =>
      finish(await (await import('./commands/reset.js')).resetCommand(host, flags)),
    );
  addClusterOptions(root.command('kubeconfig').description('print the admin kubeconfig, or add it to your own'))
    .addOption(option('--merge', 'add it to the file that kubectl reads', 'KUBECONFIG_MERGE').default(false))
    .addOption(
      option('--to <file>', 'with --merge: that file (default: $KUBECONFIG, else ~/.kube/config)', 'KUBECONFIG_TO'),
    )
    .addOption(option('--context <name>', 'with --merge: what it is called there', 'KUBECONFIG_CONTEXT'))
    .action(async (flags) => finish(await (await import('./commands/kubeconfig.js')).kubeconfigCommand(flags)));
  addSourceOptions(addClusterOptions(root.command('kubectl').description('run kubectl with the admin kubeconfig')))
    .argument('[args...]', 'arguments of kubectl, after --')
    .action(async (args: string[], flags) =>
      finish(await (await import('./commands/kubectl.js')).kubectlCommand(args, flags)),
    );
  addSshOptions(
    addClusterOptions(root.command('status').description('how the recorded cluster is; changes nothing')),
  ).action(async (flags) => finish(await (await import('./commands/status.js')).statusCommand(flags)));
  addSshOptions(
    addClusterOptions(
      root.command('doctor').description('ask everything of the recorded cluster, from inside pods too'),
    ),
  )
    .addOption(option('--outside <name>', 'a name outside of the cluster that pods must resolve', 'DOCTOR_OUTSIDE'))
    .action(async (flags) => finish(await (await import('./commands/doctor.js')).doctorCommand(flags)));
  addSshOptions(addStateOptions(root.command('logs').description('show what a node’s components logged in this boot')))
    .argument('<node>', 'name of the node')
    .argument('[component]', 'only this one: etcd, kubelet, kube-proxy, containerd, …')
    .addOption(option('--since <time>', 'from this time on: 10m, or as journalctl reads it', 'LOGS_SINCE'))
    .addOption(option('-f, --follow', 'go on with what is logged from now on', 'LOGS_FOLLOW').default(false))
    .action(async (node: string, component: string | undefined, flags) =>
      finish(await (await import('./commands/logs.js')).logsCommand(node, component, flags)),
    );
  addDownloadOptions(
    root.command('download').description('fetch and verify all that up needs, for sites without internet'),
  ).action(async (flags) => finish(await (await import('./commands/download.js')).downloadCommand(flags)));
  addBenchCommand(root, finish);
  addBootCommands(root.command('boot'), finish);
  addPkiCommands(root.command('pki'), finish);
  addUsersCommands(root.command('users'), finish);
  addBackupCommands(root, finish);
  addStateCommands(root.command('state'), finish);
  addServeOptions(
    root.command('serve').description('watch the machines, bring back those that were rebooted, keep snapshots'),
  ).action(async (flags) => finish(await (await import('./commands/serve.js')).serveCommand(flags)));
  root
    .command('version')
    .description('print versions')
    .option('-v, --verbose', 'also Node.js, OpenSSL and the SSH crypto path')
    .action(async (flags: { verbose?: boolean }) => {
      await print(versionText({ verbose: flags.verbose === true }));
      finish(EXIT.done);
    });
  readFlagVariables(root);
  return root;
}

async function main(argv: string[]): Promise<number> {
  outliveOutputs();
  let exit: number = EXIT.done;
  const root = program(argv, (code) => {
    exit = code;
  });
  try {
    await root.parseAsync(argv);
    return exit;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? EXIT.done : EXIT.usage;
    const error = toDisklessError(thrown);
    const { reportError } = await import('./commands/view.js');
    process.stderr.write(reportError(error, { verbose: wantsDetail(argv) }));
    return error.exit;
  }
}

process.exitCode = await main(process.argv);
