import { type Command, InvalidArgumentError } from 'commander';
import { ARCHITECTURES, type Arch } from '../artifacts/catalogue.js';
import { addClusterOptions, type ClusterFlags, option } from './options.js';

export interface DownloadFlags extends ClusterFlags {
  config?: string;
  kubernetes?: string;
  mirror?: string;
  arch?: Arch[];
  to?: string;
}

const EXAMPLES = `
Examples:
  k8s-diskless download                                  what the recorded cluster needs, into the cache
  k8s-diskless download --to /srv/k8s                    a directory to carry to a site without internet;
  k8s-diskless up --hosts s4,s5,s6 --artifacts /srv/k8s  and its use there
  k8s-diskless download --arch amd64,arm64 --to /srv/k8s for machines of both kinds
`;

const archs = (value: string): Arch[] => {
  const names = value.split(',').map((name) => name.trim());
  return names.map((name) => {
    const arch = ARCHITECTURES.find((known) => known === name);
    if (arch === undefined) throw new InvalidArgumentError(`It is one of ${ARCHITECTURES.join(', ')}, or several.`);
    return arch;
  });
};

export function addDownloadOptions(command: Command): Command {
  return addClusterOptions(command)
    .addOption(option('-c, --config <file>', 'cluster config file (YAML)', 'CONFIG'))
    .addOption(
      option(
        '--kubernetes <version>',
        'e.g. 1.37.2 (default: that of the config file, else the recorded one, else the newest)',
        'KUBERNETES',
      ),
    )
    .addOption(
      option(
        '--arch <list>',
        'of the nodes (default: as recorded, else boot.arch of the config file, else amd64)',
        'DOWNLOAD_ARCH',
      ).argParser(archs),
    )
    .addOption(option('--mirror <url>', 'mirror of the upstream release servers', 'MIRROR'))
    .addOption(option('--to <dir>', 'directory for up --artifacts, instead of the cache', 'DOWNLOAD_TO'))
    .addHelpText('after', EXAMPLES);
}
