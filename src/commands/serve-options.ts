import type { Command } from 'commander';
import { TRUSTS } from '../config/serve-schema.js';
import { addSourceOptions, addSshOptions, addStateOptions, option } from './options.js';

const EXAMPLES = `
Examples:
  k8s-diskless serve                                  watches the recorded cluster until Ctrl-C
  k8s-diskless serve --trust per-boot                 where machines make new host keys at each boot
  k8s-diskless serve --config lab.yaml                with the settings of its section serve
  k8s-diskless serve --config lab.yaml --print-unit >/etc/systemd/system/k8s-diskless.service

What the cluster shall be is as it is recorded: a person's up changes that, beside it.
`;

export function addServeOptions(command: Command): Command {
  return addSshOptions(addSourceOptions(addStateOptions(command)))
    .addOption(
      option(
        '-c, --config <file>',
        'cluster config file (YAML): its section serve, and where binaries come from',
        'CONFIG',
      ),
    )
    .addOption(option('--images <dir>', 'directory of image archives to import on every node', 'IMAGES'))
    .addOption(
      option(
        '--trust <keys>',
        'host keys that are believed of rebooted control planes (default: the configured ones, else proven)',
        'SERVE_TRUST',
      ).choices(TRUSTS),
    )
    .addOption(option('--page-listen <address:port>', 'where the page is (default: 127.0.0.1:8400)', 'PAGE_LISTEN'))
    .addOption(
      option('--print-unit', 'print a systemd unit that runs this, and end', 'SERVE_PRINT_UNIT').default(false),
    )
    .addHelpText('after', EXAMPLES);
}
