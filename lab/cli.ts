import { Command, CommanderError } from 'commander';
import { type DisklessError, EXIT, toDisklessError, usageError } from '../src/errors.js';
import { containerd, etcd, kubernetes, softwareVersion } from './build/go-software.js';
import { addCacheCommands } from './cache.js';
import { GENERATIONS } from './generations.js';
import { addMachineCommands } from './machines/commands.js';
import { renderExports } from './nodes/environment.js';
import { execAttached } from './nodes/exec.js';
import { Lab } from './nodes/lab.js';
import { DEFAULT_LAB, labPaths } from './nodes/naming.js';
import type { NodeRequest } from './nodes/plan.js';
import { labTraces } from './nodes/remove.js';
import type { LinkShape } from './nodes/traits.js';
import { NODE_OPTIONS, parseNodeOption, traitsOf } from './options.js';

const DEFAULT_NODES = ['s4', 's5', 's6'];

const interrupted = new AbortController();
const { signal } = interrupted;
process.once('SIGINT', () => interrupted.abort()).once('SIGTERM', () => interrupted.abort());

const say = (line: string) => console.error(line);
const collect = (value: string, before: string[]) => [...before, value];

const program = new Command('lab')
  .description('RAM-only nodes on this machine: real systemd, sshd and containerd, blank after every boot')
  .option('--lab <name>', 'which lab; labs run side by side', process.env.K8S_DISKLESS_LAB || DEFAULT_LAB)
  .enablePositionalOptions()
  .exitOverride();

const lab = () => new Lab(program.opts<{ lab: string }>().lab);

program
  .command('up')
  .description(`start nodes (default: ${DEFAULT_NODES.join(' ')}), making the lab if there is none`)
  .argument('[names...]')
  .option(
    '-o, --option <node:option>',
    'make a node awkward (repeatable; `all` for every node), see `lab options`',
    collect,
    [],
  )
  .option('-g, --generation <name>', 'of Kubernetes, etcd and containerd, see `lab generations`')
  .action(async (names: string[], { option, generation }: { option: string[]; generation?: string }) => {
    const nodes = requests(names.length > 0 ? names : DEFAULT_NODES, option);
    await lab().up({ nodes, generation, progress: say, signal });
  });

program
  .command('reboot')
  .description('reboot nodes from inside; a boot is blank')
  .argument('<names...>')
  .option('--power', 'cut the power instead')
  .action((names: string[], { power = false }: { power?: boolean }) =>
    lab().reboot(expand(names), { power, progress: say, signal }),
  );

program
  .command('power-off')
  .description('pull the plug')
  .argument('<names...>')
  .action((names: string[]) => lab().powerOff(expand(names), signal));

program
  .command('power-on')
  .description('boot nodes that are off')
  .argument('<names...>')
  .action((names: string[]) => lab().powerOn(expand(names), { progress: say, signal }));

program
  .command('partition')
  .description('cut a node off from others (default: from all other nodes; the operator still reaches it)')
  .argument('<name>')
  .option('--from <names...>', 'nodes, or `operator`')
  .action((name: string, { from }: { from?: string[] }) => lab().partition(name, from === undefined ? {} : { from }));

program
  .command('heal')
  .description('end the partitions of a node, or all')
  .argument('[name]')
  .action((name?: string) => lab().heal(name));

program
  .command('netem')
  .description("make a node's link slow or lossy in both directions; without options it is a good link again")
  .argument('<name>')
  .option('--rate <rate>', 'for example 20mbit', (value) => shapeOption('rate', value))
  .option('--loss <percent>', 'for example 1.5', (value) => shapeOption('loss', value))
  .action((name: string, shape: { rate?: LinkShape; loss?: LinkShape }) =>
    lab().shapeLink(name, { ...shape.rate, ...shape.loss }),
  );

program
  .command('list')
  .description('nodes and their state')
  .option('--json', 'as JSON')
  .action(({ json = false }: { json?: boolean }) => {
    const nodes = lab().list();
    if (json) console.log(JSON.stringify(nodes, undefined, 2));
    else
      for (const { name, address, state, bootId = '-', options } of nodes) {
        console.log(
          [name.padEnd(12), address.padEnd(15), state.padEnd(7), bootId.padEnd(36), ...options].join(' ').trim(),
        );
      }
  });

program
  .command('exec')
  .description('run a program in a node as root; streams and exit code are passed through')
  .argument('<name>')
  .argument('<command...>')
  .passThroughOptions()
  .action(async (name: string, command: string[]) => {
    // Options are passed through, and so is the separator that is there to say so.
    process.exitCode = await attach(name, command[0] === '--' ? command.slice(1) : command);
  });

program
  .command('shell')
  .description('a shell in a node, as root')
  .argument('<name>')
  .action(async (name: string) => {
    process.exitCode = await attach(name, ['bash', '-l']);
  });

addMachineCommands(program, { lab: () => lab().name, progress: say, signal });

program
  .command('env')
  .description('print shell exports with which `k8s-diskless up --hosts s4,s5,s6` works against the lab')
  .action(() => {
    process.stdout.write(renderExports(lab().env()));
  });

program
  .command('options')
  .description('ways to make a node awkward, for `up --option NODE:OPTION`')
  .action(() => {
    for (const { name, value, summary } of NODE_OPTIONS) {
      console.log(`${(value === undefined ? name : `${name}=${value.placeholder}`).padEnd(28)} ${summary}`);
    }
  });

program
  .command('generations')
  .description('software that a lab can be made of, for `up --generation NAME`')
  .action(() => {
    for (const { name, kubernetes: minor, etcd: series, system } of GENERATIONS) {
      const versions = `Kubernetes ${softwareVersion(kubernetes(minor))}, etcd ${softwareVersion(etcd(series))}`;
      console.log(
        `${name.padEnd(8)} ${versions}, ${system === 'newest' ? `containerd ${softwareVersion(containerd)}` : 'containerd 1.6 of Debian'}`,
      );
    }
  });

addCacheCommands(program, say);

program
  .command('down')
  .description('remove the lab with everything, leftovers of crashed runs included')
  .option('--all', 'all labs of this machine')
  .action(async ({ all = false }: { all?: boolean }) => {
    const names = all ? labTraces() : [lab().name];
    for (const name of names) {
      const removed = await new Lab(name).down();
      say(`${name}: ${removed.length === 0 ? 'nothing to remove' : `removed ${removed.join(', ')}`}`);
    }
  });

function requests(names: readonly string[], options: readonly string[]): NodeRequest[] {
  const parsed = options.map(parseNodeOption);
  for (const { node } of parsed) {
    if (node !== 'all' && !names.includes(node)) {
      const message = `--option names ${node}, which is not among the nodes to start`;
      throw usageError({ code: 'lab-option-without-node', message, hint: `to start: ${names.join(', ')}` });
    }
  }
  return names.map((name) => ({
    name,
    options: parsed.filter(({ node }) => node === 'all' || node === name).map(({ option }) => option),
  }));
}

/** `all` → every node of the lab. */
function expand(names: string[]): string[] {
  return names.includes('all') ? lab().plan.nodes.map((node) => node.name) : names;
}

/** The node option of the same name knows how to read its value. */
function shapeOption(option: 'rate' | 'loss', value: string): LinkShape {
  return traitsOf('any', [`${option}=${value}`]).disturbance.link;
}

function attach(name: string, command: readonly string[]): Promise<number> {
  return execAttached(labPaths(lab().name), lab().node(name).name, command);
}

function report(error: DisklessError): void {
  say([`lab: ${error.message}`, error.detail, error.hint].filter((text) => text !== undefined).join('\n'));
}

try {
  await program.parseAsync();
} catch (thrown) {
  if (thrown instanceof CommanderError) {
    process.exitCode = thrown.exitCode === 0 ? EXIT.done : EXIT.usage;
  } else {
    const error = toDisklessError(thrown);
    report(error);
    process.exitCode = signal.aborted ? EXIT.interrupted : error.exit;
  }
}
