import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/*
 * Runs a command beside processes each of which keeps a processor busy, and ends as it does:
 *
 *   tsx test/run/beside-busy.ts COUNT COMMAND [ARGUMENT...]
 *
 * They end with this process in whatever way that ends: their stdin is a pipe that nobody else holds open.
 */

const TURN_MS = 20;
const SPIN = `
  process.stdin.on('end', () => process.exit()).resume();
  const spin = () => { for (const until = Date.now() + ${TURN_MS}; Date.now() < until; ); setImmediate(spin); };
  spin();`;

function startBusy(): ChildProcess {
  return spawn(process.execPath, ['-e', SPIN], { stdio: ['pipe', 'ignore', 'inherit'] });
}

const [, , count = '', program = '', ...args] = process.argv;
const busy = Array.from({ length: Number(count) }, startBusy);
console.error(`beside ${count} busy processes: ${busy.map(({ pid }) => pid).join(' ')}`);
// Whoever interrupts this ends the command too, which has things to take down first.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});
const command = spawn(program, args, { stdio: 'inherit' });
const [code] = await once(command, 'exit');
for (const each of busy) each.kill('SIGKILL');
process.exitCode = code ?? 1;
