import { spawnSync } from 'node:child_process';
import type { Command } from 'commander';
import { ensureProgram } from '../../test/helpers/program.js';
import { MachineLab } from './machine-lab.js';

export interface MachineCommandOptions {
  /** Name of the lab, known once the command line is read. */
  lab: () => string;
  progress: (line: string) => void;
  signal: AbortSignal;
}

/** `lab machine …`: machines that boot over the network. Everything else of `lab` that is not about nodes works too. */
export function addMachineCommands(program: Command, { lab, progress, signal }: MachineCommandOptions): void {
  const machine = program
    .command('machine')
    .description('emulated machines without a disk, booted by `k8s-diskless boot serve` (half a minute each)');
  const machines = () => new MachineLab(lab());
  const all = (names: string[]) =>
    names.includes('all')
      ? machines()
          .list()
          .map(({ name }) => name)
      : names;
  const booted = async (names: readonly string[], previous: ReadonlyMap<string, string> = new Map()) => {
    const started = performance.now();
    const each = names.map(async (name) => {
      const previousBoot = previous.get(name);
      await machines().booted(name, { signal, ...(previousBoot !== undefined && { previousBoot }) });
      progress(`${name}: SSH answers after ${((performance.now() - started) / 1000).toFixed(1)} s`);
    });
    await Promise.all(each);
  };

  machine
    .command('up')
    .description('switch machines on, making the lab if there is none; returns when each answers over SSH')
    .argument('<names...>')
    .option('--uefi', 'new ones have UEFI firmware instead of BIOS')
    .option('--memory <MiB>', 'of new ones', Number)
    .option('--no-wait', 'return when they are on')
    .action(async (names: string[], { uefi, memory, wait }: { uefi?: boolean; memory?: number; wait: boolean }) => {
      // New machines boot from what it renders and serves.
      await ensureProgram();
      const hardware = { ...(uefi && { firmware: 'uefi' as const }), ...(memory && { memoryMiB: memory }) };
      await machines().add({ machines: names.map((name) => ({ name, ...hardware })), progress, signal });
      await machines().switchOn(names, signal);
      if (wait) await booted(names);
    });

  machine
    .command('list')
    .description('machines and their state')
    .option('--json', 'as JSON')
    .action(({ json = false }: { json?: boolean }) => {
      const list = machines().list();
      if (json) console.log(JSON.stringify(list, undefined, 2));
      else
        for (const { name, address, mac, firmware, state } of list) {
          console.log([name.padEnd(12), address.padEnd(15), mac, firmware, state].join(' '));
        }
    });

  machine
    .command('power-off')
    .description('pull the plug')
    .argument('<names...>')
    .action((names: string[]) => machines().powerOff(all(names), signal));

  machine
    .command('reboot')
    .description('reboot machines from inside; a boot is blank')
    .argument('<names...>')
    .option('--power', 'cut the power instead')
    .action(async (names: string[], { power = false }: { power?: boolean }) => {
      const chosen = all(names);
      const previous = await machines().reboot(chosen, { power, signal });
      await booted(chosen, previous);
    });

  machine
    .command('console')
    .description('what firmware, iPXE and kernel write; goes on until interrupted')
    .argument('<name>')
    .action(
      (name: string) => void spawnSync('tail', ['-n', '+1', '-f', machines().consoleFile(name)], { stdio: 'inherit' }),
    );
}
