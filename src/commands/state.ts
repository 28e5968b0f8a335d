import { type Command, InvalidArgumentError, Option } from 'commander';
import { addStateOptions } from './options.js';
import { addSealOptions, addUnsealOptions } from './seal-options.js';

const EXAMPLES = `
Examples:
  k8s-diskless state export s.age --recipient age1…          all that this machine remembers of the cluster, sealed
  k8s-diskless state import s.age --identity key.txt --old-operator-is-gone   on another machine, once this one is lost
  k8s-diskless state export s.age --recipient age1… --move   hands the cluster over to where it is imported
  k8s-diskless state take-back                               where it never was
`;

function generationOf(word: string): number {
  if (/^[1-9]\d{0,14}$/.test(word)) return Number(word);
  throw new InvalidArgumentError('It is a number from 1 on.');
}

/** `state`. @param finish Takes the exit code */
export function addStateCommands(state: Command, finish: (exit: number) => void): void {
  state.description('the operator’s memory of a cluster, as a file').addHelpText('after', EXAMPLES);
  addSealOptions(addStateOptions(state.command('export').description('write it to a file, sealed')))
    .argument('<file>', 'to be written')
    .addOption(new Option('--move', 'hand it over: this one is only read from then on').default(false))
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
  addStateOptions(
    state
      .command('take-back')
      .description('take one into use again that was handed over, or that a copy took the place of'),
  )
    .addOption(
      new Option('--above <generation>', 'of the copy that was in use, as the refusal names it').argParser(
        generationOf,
      ),
    )
    .action(async (flags) => finish(await (await import('./state-file.js')).takeBackStateCommand(flags)));
}
