import type { ComponentOutput } from '../../src/node/desired.js';

export function textAt(components: ComponentOutput[], path: string): string {
  const content = components.flatMap(({ files }) => files).find((file) => file.path === path)?.content;
  if (content?.kind !== 'text') throw new Error(`no rendered file ${path}`);
  return content.text;
}

/** Words of a unit's ExecStart, for units whose arguments need no quoting. */
export function execStart(components: ComponentOutput[], unit: string): string[] {
  const text = textAt(components, `/etc/systemd/system/${unit}`).replaceAll(' \\\n', '');
  const command = text.split('\n').find((line) => line.startsWith('ExecStart='));
  return (command ?? '').slice('ExecStart='.length).split(/\s+/);
}

/** Flag names of a unit's command, without dashes. */
export function flagNames(components: ComponentOutput[], unit: string): string[] {
  return execStart(components, unit).flatMap((word) => /^--([^=]+)/.exec(word)?.[1] ?? []);
}
