import type { NodeTraits } from '../traits.js';

/** One way to make a node awkward. */
export interface NodeOption {
  name: string;
  /** What follows `NAME=`; without it the option is a bare word. */
  value?: { placeholder: string; example: string; pattern: RegExp };
  /** One line for `lab options`. */
  summary: string;
  /** Changes the traits in place; `value` has matched the pattern. */
  apply(traits: NodeTraits, value: string): void;
}

/** Sizes as tmpfs takes them. */
export const SIZE = { placeholder: 'SIZE', example: '300m', pattern: /^[1-9][0-9]*[kmg]$/ };

export const NUMBER = { placeholder: 'N', example: '4', pattern: /^[1-9][0-9]{0,6}$/ };

export const PORT = { placeholder: 'PORT', example: '10250', pattern: /^[1-9][0-9]{0,4}$/ };

const KIB: Readonly<Record<string, number>> = { k: 1, m: 1024, g: 1024 * 1024 };

/** `300m` → KiB. */
export function kibOf(size: string): number {
  return Number(size.slice(0, -1)) * (KIB[size.slice(-1)] ?? 1);
}

export interface UnitOptions {
  /** File name with its suffix. */
  name: string;
  content: string;
  wantedBy: string;
}

/** Adds a systemd unit that starts with the node. */
export function addUnit(traits: NodeTraits, unit: UnitOptions): void {
  const directory = '/etc/systemd/system';
  traits.files.push({ path: `${directory}/${unit.name}`, content: unit.content });
  const wants = `.${directory}/${unit.wantedBy}.wants`;
  traits.prepare.push(`mkdir -p ${wants} && ln -s ${directory}/${unit.name} ${wants}/${unit.name}`);
}
