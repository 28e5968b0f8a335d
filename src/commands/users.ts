import { type Command, InvalidArgumentError, Option } from 'commander';
import { addClusterOptions, addSshOptions, option } from './options.js';

const EXAMPLES = `
Examples:
  k8s-diskless users apply class.csv          name,group,namespace,quota,pod-security; as many as a class has
  k8s-diskless users kubeconfig ada --out ada.kubeconfig
  k8s-diskless users list                     who there is, and until when what they were given is valid
  k8s-diskless users remove ada               with all that is in the namespace
  k8s-diskless users rotate-ca                ends every kubeconfig of people at once

A line of the CSV: ada,algebra,ada,cpu=2 memory=4Gi storage=4Gi pods=20,restricted. All but the name may be left out.
`;

const MOST_DAYS = 365;

function daysOf(word: string): number {
  const days = Number(word);
  if (Number.isSafeInteger(days) && days >= 1 && days <= MOST_DAYS) return days;
  throw new InvalidArgumentError(`It is a number of days from 1 to ${MOST_DAYS}.`);
}

/** `users`. @param finish Takes the exit code */
export function addUsersCommands(users: Command, finish: (exit: number) => void): void {
  users.description('people: a namespace with limits, and a certificate, for each').addHelpText('after', EXAMPLES);
  const load = () => import('./users-run.js');
  addSshOptions(addClusterOptions(users.command('apply').description('add the users of a file, or change them')))
    .argument('<file>', 'CSV with a head line, or a list in YAML')
    .action(async (file: string, flags) => finish(await (await load()).usersApplyCommand(file, flags)));
  addClusterOptions(users.command('list').description('who there is')).action(async (flags) =>
    finish(await (await load()).usersListCommand(flags)),
  );
  addClusterOptions(users.command('show').description('all that is recorded of one'))
    .argument('<name>', 'of a user')
    .action(async (name: string, flags) => finish(await (await load()).usersShowCommand(name, flags)));
  addSshOptions(addClusterOptions(users.command('remove').description('end access, and delete the namespace')))
    .argument('<name>', 'of a user')
    .action(async (name: string, flags) => finish(await (await load()).usersRemoveCommand(name, flags)));
  addClusterOptions(users.command('kubeconfig').description('a kubeconfig with a new key and certificate'))
    .argument('<name>', 'of a user')
    .addOption(option('--days <n>', 'how long it is valid', 'USERS_DAYS').argParser(daysOf).default(120))
    .addOption(new Option('--out <file>', 'write it there (0600), instead of to stdout'))
    .addOption(new Option('--force', 'replace a file that is there').default(false))
    .action(async (name: string, flags) => finish(await (await load()).usersKubeconfigCommand(name, flags)));
  addSshOptions(
    addClusterOptions(users.command('rotate-ca').description('end every kubeconfig of people; nothing is restarted')),
  ).action(async (flags) => finish(await (await load()).usersRotateCommand(flags)));
}
