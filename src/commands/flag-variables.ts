import type { Command } from 'commander';

const VALUES = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);

/**
 * Reads the variables of flags that take no value. Commander itself asks only whether such a variable is set, so that
 * `0` would switch the flag on. To be called once all commands and their options are there.
 */
export function readFlagVariables(command: Command): void {
  for (const option of command.options) {
    const { envVar } = option;
    if (envVar === undefined || !option.isBoolean()) continue;
    command.on(`optionEnv:${option.name()}`, () => {
      const text = process.env[envVar] ?? '';
      const value = VALUES.get(text);
      if (value === undefined) command.error(`error: ${envVar} must be true or false (or 1 or 0), not '${text}'`);
      command.setOptionValueWithSource(option.attributeName(), value, 'env');
    });
  }
  for (const subcommand of command.commands) readFlagVariables(subcommand);
}
