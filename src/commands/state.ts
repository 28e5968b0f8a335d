import { type Command, Option } from 'commander';
import { addStateOptions } from './options.js';
import { addSealOptions, addUnsealOptions } from './seal-options.js';

const EXAMPLES = `
Examples:
  k8s-diskless state export s.age --recipient age1…          all that this machine remembers of the cluster, sealed
  k8s-diskless state import s.age --identity key.txt --old-operator-is-gone   on another machine, once this one is lost
`;

/** `state`. @param finish Takes the exit code */
export function addStateCommands(state: Command, finish: (exit: number) => void): void {
  state.description('the operator’s memory of a cluster, as a file').addHelpText('after', EXAMPLES);
  addSealOptions(addStateOptions(state.command('export').description('write it to a file, sealed')))
    .argument('<file>', 'to be written')
    .action(async (file: string, flags) =>
      finish(await (await import('./state-file.js')).exportStateCommand(file, flags)),
    );
  addUnsealOptions(addStateOptions(state.command('import').description('take it from a file, where there is none')))
    .argument('<file>', 'of state export')
    .addOption(
      new Option(
        '--old-operator-is-gone',
        'nobody acts on the cluster any more with the state that it is a copy of',
      ).default(false),
    )
    .action(async (file: string, flags) =>
      finish(await (await import('./state-file.js')).importStateCommand(file, flags)),
    );
}
