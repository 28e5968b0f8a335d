import { type Command, Option } from 'commander';
import { addSourceOptions, addSshOptions, addStateOptions, option } from '../options.js';
import { COMPARE_FORMATS, GATE_FORMATS, REPORT_FORMATS } from './formats.js';

const EXAMPLES = `
A run is a run.json, a directory with one, a name of bench list or its beginning, or latest.

Examples:
  k8s-diskless bench --preset quick                          measure, keep the record, show the report
  k8s-diskless bench list                                    the runs kept for this cluster
  k8s-diskless bench report latest --out report.html         drawings, in one file that opens offline
  k8s-diskless bench compare 2026-11-20T10 latest            better, same, worse or cannot tell
  k8s-diskless bench gate --baseline good.json               exit code 6 when latest is worse, 7 when it is void
  k8s-diskless bench presets standard --set pods.count=500   what would be measured, and for how long
`;

/** `bench`: what is done with runs once they are measured. @param finish Takes the exit code */
export function addBenchCommand(root: Command, finish: (exit: number) => void): void {
  // What stands behind a subcommand is the subcommand's: `bench` and `bench list` have options of the same name.
  root.enablePositionalOptions();
  const bench = root
    .command('bench')
    .description('measure pod startup and network of the recorded cluster')
    .addHelpText('after', EXAMPLES)
    .enablePositionalOptions();
  addSshOptions(addSourceOptions(addSetOption(addStateOptions(bench))))
    .addOption(option('--preset <preset>', 'quick, standard, full or a file', 'BENCH_PRESET').default('standard'))
    .addOption(new Option('--full', 'the preset full: every pair of nodes in every round').conflicts('preset'))
    .addOption(option('--out <dir>', 'keep record and report here, not in the state directory', 'BENCH_OUT'))
    .action(async (flags) => finish(await (await import('./run.js')).runBenchCommand(flags)));
  addStateOptions(bench.command('list').description('show the runs kept for a cluster'))
    .addOption(option('--format <format>', 'how to show them', 'BENCH_LIST_FORMAT').choices(['terminal', 'json']))
    .action(async (flags) => finish(await (await import('./runs.js')).listCommand(flags)));
  addReportOptions(bench.command('report').description('draw the report of a run'), REPORT_FORMATS, 'REPORT')
    .argument('[run]', 'which run', 'latest')
    .action(async (run: string, flags) => finish(await (await import('./report.js')).reportCommand(run, flags)));
  addVerdictOptions(
    addReportOptions(bench.command('compare').description('compare two runs'), COMPARE_FORMATS, 'COMPARE'),
  )
    .argument('<a>', 'the run compared with')
    .argument('<b>', 'the run judged')
    .action(async (a: string, b: string, flags) =>
      finish(await (await import('./compare.js')).compareCommand(a, b, flags)),
    );
  addVerdictOptions(
    addReportOptions(bench.command('gate').description('refuse a run that is worse'), GATE_FORMATS, 'GATE'),
  )
    .argument('[run]', 'the run judged', 'latest')
    .addOption(option('--baseline <run>', 'the run it must not fall behind', 'BENCH_BASELINE').makeOptionMandatory())
    .action(async (run: string, flags) => finish(await (await import('./gate.js')).gateCommand(run, flags)));
  addSetOption(addStateOptions(bench.command('presets').description('show what presets measure')))
    .argument('[preset]', 'quick, standard, full or a file')
    .action(async (preset: string | undefined, flags) =>
      finish(await (await import('./presets.js')).presetsCommand(preset, flags)),
    );
}

function addReportOptions(command: Command, formats: readonly string[], variable: string): Command {
  return addStateOptions(command)
    .addOption(
      option('--format <format>', 'default: what --out ends with, else terminal', `BENCH_${variable}_FORMAT`).choices(
        formats,
      ),
    )
    .addOption(option('--out <file>', 'write it to this file', `BENCH_${variable}_OUT`));
}

function addVerdictOptions(command: Command): Command {
  return addSetOption(command)
    .addOption(option('--verdicts <file>', 'margins, headline and limits instead of ours', 'BENCH_VERDICTS'))
    .addOption(option('--allow-drift', 'compare although conditions differ', 'BENCH_ALLOW_DRIFT').default(false));
}

/** Repeatable; its variable holds one per line. */
function addSetOption(command: Command): Command {
  const collect = (value: string, before: string[]): string[] => [...before, ...value.split('\n').filter(Boolean)];
  return command.addOption(
    option('--set <key=value>', 'replace one value, may be given several times', 'BENCH_SET')
      .argParser(collect)
      .default([] as string[], 'none'),
  );
}
