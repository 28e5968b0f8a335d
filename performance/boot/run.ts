import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type MachineLab, plugInMachines } from '../../lab/machines/machine-lab.js';
import { medianOf } from '../../src/bench/stats/quantile.js';
import { NEWEST } from '../../src/config/version-table.js';
import { createOperator } from '../../test/e2e/helpers/cli.js';
import { ensureProgram } from '../../test/helpers/program.js';
import { commit, machine } from '../machine.js';
import { operatorRun } from '../up/operator-run.js';
import { type Sample, sampleOf } from '../up/sample.js';
import { followBoot, READY, SSH, type Stage } from './stages.js';

/**
 * From power-on to a Ready cluster of one emulated machine, which boots over the network: DHCP, iPXE, kernel, initrd,
 * Ignition, SSH, `up --wait`. A machine is switched on and `up` begins in the same moment.
 *
 *   npm run bench:boot -- [--runs 3] [--firmware bios|uefi] [--out FILE]
 */
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '3' },
    firmware: { type: 'string', default: 'bios' },
    out: { type: 'string' },
  },
});
const firmware = values.firmware === 'uefi' ? 'uefi' : 'bios';
const MACHINE = 's4';

interface Boot {
  /** One-minute load average before power-on: the machine may be shared. */
  loadBefore: number;
  stages: Stage[];
  /** Steps of `up`, which waits in `connect` until SSH answers. */
  up: Sample;
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);

async function boot(lab: MachineLab): Promise<Boot> {
  const operator = await createOperator(lab.env());
  const [loadBefore = 0] = loadavg();
  // There is none before the first power-on, and what is followed must be there.
  closeSync(openSync(lab.consoleFile(MACHINE), 'a'));
  const marks = followBoot(lab, MACHINE);
  try {
    await lab.switchOn([MACHINE]);
    const finished = await operatorRun(operator, ['up', '--hosts', MACHINE, '--wait', '10m']);
    if (finished.exit !== 0) throw new Error(`up ended with ${finished.exit}: ${finished.stderr}`);
    return { loadBefore, stages: marks.stages(finished.events), up: sampleOf(finished, loadBefore) };
  } finally {
    marks.stop();
    await lab.powerOff([MACHINE]);
    await operator.remove();
  }
}

const seconds = (ms: number): number => Math.round(ms / 100) / 10;
const endOf = ({ stages }: Boot, stage: string): number =>
  stages.find((one) => one.stage === stage)?.endedMs ?? Number.NaN;

/** A row per stage with its median length, and where it stands in the median boot. */
function waterfall(boots: readonly Boot[]): { stage: string; seconds: number }[] {
  return (boots[0]?.stages ?? []).map(({ stage }, index) => {
    const lengths = boots.map(({ stages }) => (stages[index]?.endedMs ?? 0) - (stages[index]?.beganMs ?? 0));
    return { stage, seconds: seconds(medianOf(lengths)) };
  });
}

function draw(rows: readonly { stage: string; seconds: number }[]): string {
  const whole = rows.reduce((sum, row) => sum + row.seconds, 0);
  let before = 0;
  const lines = rows.map((row) => {
    const [from, length] = [before, row.seconds].map((value) => Math.round((value / whole) * 60));
    before += row.seconds;
    return `${row.stage.padEnd(20)} ${' '.repeat(from ?? 0)}${'█'.repeat(Math.max(1, length ?? 0))} ${row.seconds} s`;
  });
  return lines.join('\n');
}

await ensureProgram();
const lab = await plugInMachines({ name: 'bench-boot', machines: [{ name: MACHINE, firmware }], progress: say });
try {
  const boots: Boot[] = [];
  for (let run = 1; run <= Number(values.runs); run++) {
    const one = await boot(lab);
    boots.push(one);
    say(`run ${run}: SSH after ${seconds(endOf(one, SSH))} s, Ready after ${seconds(endOf(one, READY))} s`);
  }
  const stages = waterfall(boots);
  const result = {
    schema: 1,
    what: `power-on to a Ready cluster of one emulated machine (${firmware}, TCG, 2 processors), Kubernetes ${NEWEST.kubernetes}`,
    taken: new Date().toISOString(),
    commit: commit(),
    machine: machine(),
    seconds: {
      ssh: seconds(medianOf(boots.map((one) => endOf(one, SSH)))),
      ready: seconds(medianOf(boots.map((one) => endOf(one, READY)))),
    },
    loadBefore: boots.map(({ loadBefore }) => loadBefore),
    stages,
    boots,
  };
  say(draw(stages));
  const folder = join(dirname(fileURLToPath(import.meta.url)), 'results');
  const out = values.out ?? join(folder, `boot-${firmware}.json`);
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, `${JSON.stringify(result)}\n`);
  say(`written to ${out}`);
} finally {
  await lab.down();
}
