import { runCommand } from './run-command.js';

/** Version of the installed Go toolchain, e.g. `go1.19.8`. */
export async function goVersion(): Promise<string> {
  return (await runCommand({ command: 'go', args: ['env', 'GOVERSION'] })).trim();
}
