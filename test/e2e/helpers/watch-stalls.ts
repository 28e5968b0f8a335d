import type { Lab } from '../../../lab/nodes/lab.js';
import { eventually } from './workload.js';

export interface StallWatch {
  /** Resolves when it has been answered again from now on. */
  answered(): Promise<void>;
  /** Ends it; resolves to the longest time between two answers, in seconds. */
  stop(): Promise<number>;
}

let watches = 0;

/** Asks on a node ten times a second until stopped, once it was answered for the first time. */
export async function watchStalls(lab: Lab, node: string, ask: string): Promise<StallWatch> {
  watches += 1;
  const directory = `/run/watch-stalls-${watches}`;
  const script = `mkdir ${directory}; touch ${directory}/run
while [ -e ${directory}/run ]; do ${ask} && echo $EPOCHREALTIME >>${directory}/answers; sleep 0.1; done
echo $EPOCHREALTIME >>${directory}/answers; cat ${directory}/answers`;
  const done = lab.exec(node, ['bash', '-c', script]);
  const count = async (): Promise<number> => {
    const { stdout } = await lab.exec(node, ['bash', '-c', `wc -l <${directory}/answers`]);
    return Number(stdout);
  };
  const answered = async (): Promise<void> => {
    const before = (await count()) || 0;
    await eventually(async () => {
      if (!((await count()) > before)) throw new Error(`no answer on ${node}: ${ask}`);
    });
  };
  await answered();
  return {
    answered,
    async stop() {
      await lab.exec(node, ['rm', `${directory}/run`]);
      const answers = (await done).stdout.trim().split('\n').map(Number);
      return Math.max(...answers.slice(1).map((at, index) => at - (answers[index] ?? at)));
    },
  };
}
