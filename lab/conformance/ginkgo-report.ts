import { z } from 'zod';

/** How one test ended. */
export interface Outcome {
  /** In full, as `e2e.test --list-tests` has it; what is no test (setup, cleanup) has its kind in brackets. */
  name: string;
  state: 'passed' | 'failed' | 'skipped';
  /** Of a failure or of a test that skipped itself. */
  message: string;
  seconds: number;
}

/** The part of ginkgo's JSON report that is read here. */
const Report = z.array(
  z.object({
    SpecReports: z
      .array(
        z.object({
          ContainerHierarchyTexts: z.array(z.string()).nullish(),
          LeafNodeType: z.string(),
          LeafNodeText: z.string(),
          State: z.string(),
          /** Nanoseconds. */
          RunTime: z.number(),
          Failure: z.object({ Message: z.string() }).nullish(),
        }),
      )
      .nullish(),
  }),
);

const TEST = 'It';

/**
 * What ran, from the text of ginkgo's JSON report: tests that were not asked for are in it too, skipped without a reason.
 * Setup and cleanup are only told of where they failed.
 */
export function parseGinkgoReport(text: string): Outcome[] {
  const specs = Report.parse(JSON.parse(text)).flatMap(({ SpecReports }) => SpecReports ?? []);
  return specs.flatMap((spec) => {
    const { ContainerHierarchyTexts, LeafNodeType, LeafNodeText, State, RunTime, Failure } = spec;
    const isTest = LeafNodeType === TEST;
    const state = stateOf(State);
    const message = Failure?.Message ?? '';
    if (state === 'skipped' && message === '') return [];
    if (!isTest && state !== 'failed') return [];
    const words = [...(ContainerHierarchyTexts ?? []), LeafNodeText].filter((word) => word !== '');
    const name = isTest ? words.join(' ') : [`[${LeafNodeType}]`, ...words].join(' ');
    // One that was ended in the middle says so itself.
    return [{ name, state, message: message || (state === 'failed' ? State : ''), seconds: RunTime / 1e9 }];
  });
}

function stateOf(state: string): Outcome['state'] {
  if (state === 'passed') return 'passed';
  return state === 'skipped' || state === 'pending' ? 'skipped' : 'failed';
}
