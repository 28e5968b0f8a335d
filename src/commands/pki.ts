import type { Command } from 'commander';
import { addStateOptions, option } from './options.js';

const EXAMPLES = `
Examples:
  k8s-diskless pki renew            the authorities that end within a year, or have ended
  k8s-diskless pki renew --all      all of them
  k8s-diskless plan                 what the next up will do with them; changes nothing on the nodes
  k8s-diskless up                   brings them to the nodes

An authority keeps its key and its name: certificates, kubeconfigs and nodes that trust it go on as they are. The
certificates of components and of the administrator are renewed by each up, without a command.
`;

/** `pki`: what is done with the cluster's certificate authorities. @param finish Takes the exit code */
export function addPkiCommands(pki: Command, finish: (exit: number) => void): void {
  pki.description('look after the certificate authorities of the recorded cluster').addHelpText('after', EXAMPLES);
  addStateOptions(
    pki.command('renew').description('give authorities that end soon new certificates over the same keys'),
  )
    .addOption(option('--all', 'also those whose end is far off', 'PKI_RENEW_ALL').default(false))
    .addHelpText('after', EXAMPLES)
    .action(async (flags) => finish(await (await import('./pki-renew.js')).pkiRenewCommand(flags)));
}
