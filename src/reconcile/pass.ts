import { DisklessError } from '../errors.js';
import type { StepReport } from '../runner/perform-step.js';
import { createRollingLock } from '../runner/rolling-lock.js';
import { runSequence } from '../runner/run-sequence.js';
import type { Step } from '../runner/sequence.js';
import { createStepValues, type StepValues } from '../runner/step-values.js';
import type { JudgedRun, Pass, Run } from './context.js';
import { createEtcdClaims } from './etcd-claims.js';
import { createEtcdRejoin } from './etcd-rejoin.js';
import { createFactsBarrier } from './facts-barrier.js';
import { createLinkWatch } from './link-watch.js';
import { majorityRuns } from './observe-etcd.js';
import { observeLinks } from './observe-links.js';
import { createReadinessWatch } from './readiness-watch.js';
import { judge } from './up-sequence.js';

export interface PassOptions {
  steps: readonly Step<Pass>[];
  isLast: boolean;
  /** Wait for every machine, not only for those without whom nothing can be decided. */
  patient: boolean;
}

/** What became of every step, and what they gave. */
export interface PassResult {
  reports: StepReport[];
  values: StepValues;
}

/** One pass of the steps over all nodes. */
export async function runPass(run: Run, options: PassOptions): Promise<PassResult> {
  const values = createStepValues();
  const services = openPass(run, options, values);
  const { bus, signal } = run;
  try {
    const { nodes } = run.options.spec;
    const reports = await runSequence({ steps: options.steps, nodes, services, values, bus, signal });
    return { reports, values };
  } finally {
    services.readiness.end();
  }
}

/** What the steps of a pass share; what these need to know of the judgement they ask for when it is there. */
function openPass(run: Run, { isLast, patient }: PassOptions, values: StepValues): Pass {
  const { options, cluster, signal, retry } = run;
  const judged = (): JudgedRun => {
    const judgement = values.of(judge);
    if (judgement === undefined) throw new Error('nothing was judged yet');
    return { ...run, judgement };
  };
  return {
    ...run,
    isLast,
    rejoin: createEtcdRejoin(judged),
    links: createLinkWatch({
      observe: async (node, own) => observeLinks(judged(), node, own),
      sleep: options.clock.sleep,
    }),
    barrier: createFactsBarrier(options.spec.nodes, {
      patient,
      // Who is said to be lost is judged by that word: it must be seen first that nobody answers.
      isDecidedWithout: (missing, facts) =>
        retry.hasTime && !missing.some((name) => options.lost.has(name)) && majorityRuns(run, facts),
    }),
    claims: createEtcdClaims(),
    rolling: createRollingLock({
      brokenError: () =>
        new DisklessError({
          code: 'dependency-failed',
          message: 'another control plane did not become healthy after its restart, so this one was left running',
        }),
    }),
    draining: createRollingLock({
      width: run.memory.record?.upgrade?.nodesAtOnce ?? 1,
      brokenError: () =>
        new DisklessError({
          code: 'dependency-failed',
          message: 'another node could not be drained, or did not become Ready again, so this one was left as it is',
        }),
    }),
    readiness: createReadinessWatch({
      client: () => cluster.kube(),
      nodes: () => new Map([...judged().judgement.work.values()].map(({ node, facts }) => [node.name, facts.bootId])),
      timeoutMs: options.readyTimeoutMs,
      signal,
    }),
  };
}
