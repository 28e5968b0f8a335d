/* `run-in-foreground.mjs PROGRAM ARGS…`: ends with the exit code that it hands back. */
import { runInForeground } from '../../../src/commands/kubectl.ts';

const [program = '', ...args] = process.argv.slice(2);
process.exitCode = await runInForeground(program, args);
