/* `run-in-foreground.ts PROGRAM ARGS…`: ends with the exit code that it hands back. */
import { runInForeground } from '../../../src/commands/kubectl.js';

const [program = '', ...args] = process.argv.slice(2);
process.exitCode = await runInForeground(program, args);
