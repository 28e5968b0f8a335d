import { didYouMean } from '../src/config/suggest.js';
import { usageError } from '../src/errors.js';
import { DISK_OPTIONS } from './nodes/options/disk.js';
import { NETWORK_OPTIONS } from './nodes/options/network.js';
import type { NodeOption } from './nodes/options/option.js';
import { SSH_OPTIONS } from './nodes/options/ssh.js';
import { SYSTEM_OPTIONS } from './nodes/options/system.js';
import { type NodeTraits, ordinaryTraits } from './nodes/traits.js';

/** Every way in which a node can be made awkward, by name. */
export const NODE_OPTIONS: readonly NodeOption[] = [
  ...NETWORK_OPTIONS,
  ...SSH_OPTIONS,
  ...DISK_OPTIONS,
  ...SYSTEM_OPTIONS,
];

/** `two-nics`, `root-size=300m`, … → what the node is like. */
export function traitsOf(node: string, options: readonly string[]): NodeTraits {
  const traits = ordinaryTraits(node);
  for (const text of options) applyOption(traits, text);
  return traits;
}

function applyOption(traits: NodeTraits, text: string): void {
  const [name = '', value] = splitOnce(text, '=');
  const option = NODE_OPTIONS.find((candidate) => candidate.name === name);
  if (option === undefined) throw unknownOption(name);
  if (option.value === undefined) {
    if (value !== undefined) throw badValue(text, `${name} takes no value`);
    option.apply(traits, '');
    return;
  }
  if (value === undefined || !option.value.pattern.test(value)) {
    throw badValue(text, `expected ${name}=${option.value.placeholder}, for example ${name}=${option.value.example}`);
  }
  option.apply(traits, value);
}

/** `s5:no-zstd` → node and option; `all:no-zstd` names every node. */
export function parseNodeOption(text: string): { node: string; option: string } {
  const [node = '', option] = splitOnce(text, ':');
  if (option !== undefined && node !== '') return { node, option };
  throw badValue(text, 'expected NODE:OPTION, for example s5:no-zstd');
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function unknownOption(name: string): Error {
  const names = NODE_OPTIONS.map((option) => option.name);
  return usageError({
    code: 'lab-option-unknown',
    message: `no lab node option is called ${JSON.stringify(name)}`,
    hint: didYouMean(name, names) ?? '`npm run -s lab -- options` lists them',
  });
}

function badValue(text: string, hint: string): Error {
  return usageError({ code: 'lab-option-invalid', message: `bad lab node option ${JSON.stringify(text)}`, hint });
}
