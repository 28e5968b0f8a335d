import { stringify } from 'yaml';
import { stateOf } from '../../app/state-of.js';
import { estimatedSeconds } from '../../bench/preset/estimate.js';
import { loadPreset, presetNames } from '../../bench/preset/load-preset.js';
import { EXIT } from '../../errors.js';
import { readClusterRecord } from '../../state/record-files.js';
import { textTable } from '../../ui/text-table.js';
import { durationText } from '../../ui/units.js';
import type { StateFlags } from '../options.js';
import { textSurface, writeOutput } from './output.js';

export interface PresetsFlags extends StateFlags {
  set: string[];
}

/** Nodes that an estimate is for while no cluster is recorded. */
const USUAL_NODES = 3;

/** Lists the presets, or shows what one of them measures once its changes are made; nothing is measured. */
export async function presetsCommand(name: string | undefined, flags: PresetsFlags): Promise<number> {
  const nodes = (await readClusterRecord(stateOf(flags)))?.spec.nodes.length ?? USUAL_NODES;
  if (name !== undefined) {
    const preset = await loadPreset({ name, overrides: flags.set });
    const takes = durationText(estimatedSeconds(preset, nodes) * 1000);
    await writeOutput(`# about ${takes} on ${nodes} nodes\n${stringify(preset, { lineWidth: 0 })}`, undefined);
    return EXIT.done;
  }
  const names = await presetNames();
  const rows = await Promise.all(
    names.map(async (each) => {
      const preset = await loadPreset({ name: each, overrides: flags.set });
      return { name: each, takes: durationText(estimatedSeconds(preset, nodes) * 1000), ...preset };
    }),
  );
  const columns = [
    { title: 'PRESET', cell: (row: (typeof rows)[number]) => row.name },
    { title: `ON ${nodes} NODES`, cell: (row: (typeof rows)[number]) => row.takes, align: 'right' as const },
    { title: '', cell: (row: (typeof rows)[number]) => row.description },
  ];
  await writeOutput(`${textTable({ columns, rows, ...textSurface(undefined) }).join('\n')}\n`, undefined);
  return EXIT.done;
}
