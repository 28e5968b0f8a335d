/** Draws a run on its terminal and dies in the middle of it, in the way the argument says. */
import { createListrView } from '../../src/ui/listr-view.js';
import { PLAIN } from '../../src/ui/style.js';
import { at, started } from './sample-runs.js';

const { stdout, stderr } = process;
const view = createListrView({ stdout, stderr, style: PLAIN, now: () => performance.now() });
const death = process.argv[2] ?? '';

view(started(['s4']));
view(at(1, { type: 'step-started', step: 'connect', node: 's4' }));

const held = stdout.write;
const poll = setInterval(() => {
  // The renderer has taken the stream over and drawn: now it matters how we end.
  if (stdout.write === held) return;
  clearInterval(poll);
  setTimeout(() => {
    if (death === 'exit') process.exit(3);
    if (death === 'throw') throw new Error('a bug');
    process.kill(process.pid, death);
  }, 250);
}, 10);
