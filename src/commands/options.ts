import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ClusterRequest, StateRequest } from '../app/requests.js';
import { duration } from '../config/scalars.js';
import { HOST_KEY_POLICIES } from '../ssh/host-key.js';

/** Flags of commands that need only what is recorded; each also has an environment variable. */
export interface StateFlags extends StateRequest {
  verbose: boolean;
}

/** Flags of commands that work on a cluster. */
export interface ClusterFlags extends StateFlags {
  output: OutputFormat;
}

/** Flags of `up` and `plan`. */
export interface RunFlags extends ClusterFlags, ClusterRequest {}

export const OUTPUT_FORMATS = ['auto', 'plain', 'json'] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

export const option = (flags: string, description: string, variable: string): Option =>
  new Option(flags, description).env(`K8S_DISKLESS_${variable}`);

const seconds = (value: string): number => {
  const number = Number(value);
  if (!(number > 0 && number <= 600)) throw new InvalidArgumentError('It is a number of seconds above 0, at most 600.');
  return number;
};

const waitTime = (value: string): number => {
  const { data: ms } = duration.safeParse(value);
  if (ms === undefined) throw new InvalidArgumentError('It is a time such as 90s or 10m, at most a day.');
  return ms;
};

export function addStateOptions(command: Command): Command {
  return command
    .addOption(option('--cluster <name>', 'name of the cluster (default: default)', 'CLUSTER'))
    .addOption(option('--state-dir <dir>', 'directory of this one cluster’s state', 'STATE_DIR'))
    .addOption(option('-v, --verbose', 'show causes of errors', 'VERBOSE').default(false));
}

export function addClusterOptions(command: Command): Command {
  return addStateOptions(command).addOption(
    option('-o, --output <format>', 'how to report', 'OUTPUT').choices(OUTPUT_FORMATS).default('auto'),
  );
}

export function addSourceOptions(command: Command): Command {
  return command
    .addOption(option('--artifacts <dir>', 'directory with binaries, laid out like the upstream mirror', 'ARTIFACTS'))
    .addOption(option('--mirror <url>', 'mirror of the upstream release servers', 'MIRROR'));
}

export function addSshOptions(command: Command): Command {
  return command
    .addOption(option('--ssh-config <file>', 'ssh_config instead of ~/.ssh/config', 'SSH_CONFIG'))
    .addOption(
      option(
        '--host-key-policy <policy>',
        'how host keys are trusted (default: the recorded policy, else per-boot)',
        'HOST_KEY_POLICY',
      ).choices(HOST_KEY_POLICIES),
    )
    .addOption(
      option(
        '--connect-timeout <seconds>',
        'per host (default: ConnectTimeout of ssh_config, else 5)',
        'CONNECT_TIMEOUT',
      ).argParser(seconds),
    );
}

/** What loses data has to be said in the command: no variable, which may be left over from another day. */
export function addRunOptions(command: Command): Command {
  return addSshOptions(addSourceOptions(addClusterOptions(command)))
    .addOption(option('-c, --config <file>', 'cluster config file (YAML)', 'CONFIG'))
    .addOption(option('--hosts <list>', 'hosts: s4,s5,s6 or s[4-6] or name=user@address:port', 'HOSTS'))
    .addOption(option('--control-plane <names>', 'which hosts are control planes (1, 3, 5 or 7)', 'CONTROL_PLANE'))
    .addOption(option('--taint-control-plane', 'keep pods off control planes', 'TAINT_CONTROL_PLANE'))
    .addOption(new Option('--no-taint-control-plane', 'let pods run on control planes again'))
    .addOption(
      option(
        '--ready-timeout <time>',
        'for components, API and nodes to work once started (default: the recorded one, else 3m)',
        'READY_TIMEOUT',
      ).argParser(waitTime),
    )
    .addOption(option('--kubernetes <version>', 'e.g. 1.37.2', 'KUBERNETES'))
    .addOption(option('--images <dir>', 'directory of image archives to import on every node', 'IMAGES'))
    .addOption(option('--dns-image <image>', 'image of the cluster DNS', 'DNS_IMAGE'))
    .addOption(new Option('--lost <names>', 'control planes you confirm are permanently off and have lost their data'))
    .addOption(
      new Option(
        '--discard-data [names]',
        'give up the etcd data of these control planes, once a copy is kept: what can no longer form a quorum, or is of an older incarnation',
      ),
    )
    .addOption(
      new Option(
        '--recover-from <name>',
        'where no quorum can be made any more: go on with the etcd data of this control plane, once a copy is kept of all',
      ),
    )
    .addOption(new Option('--older-data', 'with --recover-from: even where another one has newer data').default(false))
    .addOption(
      new Option(
        '--snapshot <id|file>',
        'restore this snapshot on control planes that have all lost their data: one of backups, or a file of backup --out',
      ),
    )
    .addOption(
      new Option('--empty', 'begin without what is kept of control planes that have all lost their data').default(
        false,
      ),
    )
    .addOption(
      new Option(
        '--new-cluster',
        'begin an empty cluster on rebooted control planes, in a version of your choice: keeps hosts, PKI and addresses',
      ).default(false),
    )
    .addOption(
      option(
        '--verify',
        're-hash every installed file instead of trusting size, inode and timestamps',
        'VERIFY',
      ).default(false),
    );
}

/** A number of nodes. */
const nodeCount = (value: string): number => {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('It is a number of nodes, 1 or more.');
  return number;
};

export function addUpgradeOptions(command: Command): Command {
  return addSshOptions(addSourceOptions(addClusterOptions(command)))
    .addOption(option('--to <version>', 'e.g. 1.37.2, or 1.37 for its newest patch release', 'UPGRADE_TO'))
    .addOption(option('--plan', 'only say what it would do, and what is in its way', 'UPGRADE_PLAN').default(false))
    .addOption(
      option(
        '--workers-at-once <number>',
        'nodes that are drained at a time (default: a tenth)',
        'WORKERS_AT_ONCE',
      ).argParser(nodeCount),
    )
    .addOption(option('-c, --config <file>', 'cluster config file (YAML)', 'CONFIG'))
    .addOption(option('--images <dir>', 'directory of image archives to import on every node', 'IMAGES'));
}

/** Those of `up` alone. */
export function addUpOptions(command: Command): Command {
  return addRunOptions(command)
    .addOption(
      new Option('--demote <name>', 'this control plane becomes a worker: drained, and out of etcd after a snapshot'),
    )
    .addOption(
      option('--wait <time>', 'wait up to this long for machines that are still booting: 90s, 10m', 'WAIT').argParser(
        waitTime,
      ),
    );
}
