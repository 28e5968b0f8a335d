import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ConformanceBuild, ensureConformanceBuilt } from '../../lab/build/ensure-built.js';
import { NODE_LEFT_OUT } from '../../lab/conformance/data.js';
import type { Outcome } from '../../lab/conformance/ginkgo-report.js';
import { listTests, runGinkgo } from '../../lab/conformance/run-ginkgo.js';
import { labelled, withoutKinds } from '../../lab/conformance/select.js';
import { type MachineLab, plugInMachines } from '../../lab/machines/machine-lab.js';
import { conformanceRecord, writeConformanceRecord } from '../../lab/records/conformance-record.js';
import { commit as describeCommit } from '../../performance/machine.js';
import { testSeed } from '../helpers/test-seed.js';
import { artifactDirectory } from './helpers/artifacts.js';
import { createOperator, type Operator, said } from './helpers/cli.js';

/*
 * Kubernetes' own tests of a node, on a machine that has booted over the network, with a kernel of its own and cgroup v2.
 * It is emulated, and everything takes ten times as long: they are run in batches while there is time, and what there was
 * no time for is counted. K8S_DISKLESS_TEST_CONFORMANCE_FOCUS=REGEX runs those whose names match, and records nothing.
 */

/** At least so many, however long they take. */
const ENOUGH = 100;
/** After which no further batch is begun, if those were enough. */
const BUDGET_MINUTES = 45;
const BATCH = 24;
const PROCS = 2;
/** There for what hangs. */
const BATCH_MINUTES = 60;
const MINUTE = 60_000;
/** Half of it may be its root, with all images. */
const MEMORY_MIB = 8192;
const NAME = 'node-conformance';

const focus = process.env.K8S_DISKLESS_TEST_CONFORMANCE_FOCUS;
const commit = describeCommit();

let build: ConformanceBuild;
let tests: string[];
let lab: MachineLab;
let operator: Operator;
let artifacts: string;

const say = (line: string) => void process.stderr.write(`${line}\n`);

beforeAll(async () => {
  build = await ensureConformanceBuilt({ progress: say });
  const both = labelled(labelled(await listTests(build.program), 'Conformance'), 'NodeConformance');
  const all = withoutKinds(both, NODE_LEFT_OUT).toSorted();
  tests = focus === undefined ? all : all.filter((name) => new RegExp(focus).test(name));
  if (tests.length === 0) throw new Error(`no test of nodes matches ${focus}`);
  artifacts = await artifactDirectory(NAME);
  say(`${tests.length} tests of Kubernetes ${build.kubernetes}; reports in ${artifacts}`);
  lab = await plugInMachines({ name: NAME, machines: [{ name: 's4', memoryMiB: MEMORY_MIB }], progress: say });
  operator = await createOperator(lab.env());
}, 60 * MINUTE);
afterAll(async () => {
  await lab?.down();
  await operator?.remove();
});

describe('an emulated machine', () => {
  it('becomes a cluster', { timeout: 60 * MINUTE }, async () => {
    await lab.switchOn(['s4']);
    await lab.booted('s4');
    const args = [
      'up',
      '--config',
      lab.boot.config,
      '--hosts',
      's4',
      '--images',
      build.images,
      '--ready-timeout',
      '20m',
    ];
    const finished = await operator.events(args);
    expect(finished.exit, said(finished)).toBe(0);
  });

  it('passes Kubernetes’ tests of a node, which are recorded', { timeout: 180 * MINUTE }, async () => {
    const outcomes: Outcome[] = [];
    const left = [...tests];
    const began = performance.now();
    const isTime = () => performance.now() - began < BUDGET_MINUTES * MINUTE || outcomes.length < ENOUGH;
    for (let batch = 1; left.length > 0 && isTime(); batch++) {
      const chosen = left.splice(0, BATCH);
      const ended = await runGinkgo(NAME, {
        build,
        kubeconfig: join(operator.stateDir, 'kubeconfig'),
        tests: chosen,
        procs: PROCS,
        seed: testSeed(),
        minutes: BATCH_MINUTES,
        directory: join(artifacts, `batch-${batch}`),
      });
      outcomes.push(...ended);
      say(`${outcomes.length} of ${tests.length} tests after ${Math.round((performance.now() - began) / MINUTE)} min`);
    }
    const record = conformanceRecord(outcomes, {
      kubernetes: build.kubernetes,
      nodes: 'one emulated machine, booted over the network, with a kernel of its own and cgroup v2',
      skipped: [],
      leftOut: [...NODE_LEFT_OUT],
      notRun: left.length,
      seconds: Math.round((performance.now() - began) / 1000),
      procs: PROCS,
      seed: testSeed(),
      ran: new Date().toISOString().slice(0, 10),
      commit,
    });
    say(`${record.passed} passed, ${record.failed} failed, ${left.length} not run; reports in ${artifacts}`);
    if (focus === undefined) writeConformanceRecord(NAME, record);
    const wrong = outcomes.filter(({ state }) => state !== 'passed');
    expect(wrong.map(({ name, state, message }) => `${name}: ${state}: ${message}`)).toEqual([]);
    if (focus === undefined) expect(record.passed).toBeGreaterThanOrEqual(ENOUGH);
  });
});
