import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { addBootCommands } from '../../src/commands/boot.js';

/** What `--help` of a command writes. */
function helpOf(name: string): string {
  let text = '';
  const boot = new Command('boot').exitOverride();
  addBootCommands(boot, () => {});
  const command = name === 'boot' ? boot : boot.commands.find((each) => each.name() === name);
  command?.configureOutput({
    writeOut: (part) => {
      text += part;
    },
    getOutHelpWidth: () => 200,
  });
  command?.outputHelp();
  return text;
}

describe.each(['render', 'fetch', 'serve'])('boot %s --help', (name) => {
  test('teaches by example', () => {
    expect(helpOf(name)).toMatch(new RegExp(`\\nExamples:\\n {2}k8s-diskless boot ${name}`));
  });

  test('names a variable for every flag', () => {
    const flags = helpOf(name).match(/^ {2}(?:-\w, )?--(?!help)[\w-]+.*$/gm) ?? [];
    expect(flags.length).toBeGreaterThan(5);
    expect(flags.filter((line) => !/env: K8S_DISKLESS_[A-Z_]+\)/.test(line))).toEqual([]);
  });
});

test('boot --help tells the way of a boot', () => {
  const text = helpOf('boot');
  for (const step of ['boot fetch', 'boot render', 'boot serve', 'k8s-diskless up']) expect(text).toContain(step);
});
