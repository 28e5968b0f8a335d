import { cpus } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ConformanceBuild, ensureConformanceBuilt } from '../../lab/build/ensure-built.js';
import { SKIPS } from '../../lab/conformance/data.js';
import type { Outcome } from '../../lab/conformance/ginkgo-report.js';
import { listTests, runGinkgo } from '../../lab/conformance/run-ginkgo.js';
import { labelled, SHARDS, shard, withoutSkips } from '../../lab/conformance/select.js';
import { conformanceRecord, writeConformanceRecord } from '../../lab/records/conformance-record.js';
import { mirrorConfig, openRegistry, type Registry } from '../../lab/registry.js';
import { commit as describeCommit } from '../../performance/machine.js';
import { testSeed } from '../helpers/test-seed.js';
import { artifactDirectory } from './helpers/artifacts.js';
import { createWorld, type World } from './helpers/cluster-world.js';

/*
 * Kubernetes' own conformance tests of the newest version, all of them, and what they found is recorded.
 * K8S_DISKLESS_TEST_CONFORMANCE_FOCUS=REGEX runs those whose names match, and records nothing.
 */

const NODES = ['s4', 's5', 's6'];
const SHARD_MINUTES = 60;
/** Most of their time is waiting. */
const PROCS_PER_CORE = 4;
const MINUTE = 60_000;

const focus = process.env.K8S_DISKLESS_TEST_CONFORMANCE_FOCUS;
const commit = describeCommit();
const procs = PROCS_PER_CORE * cpus().length;

let build: ConformanceBuild;
let tests: string[];
let world: World;
let registry: Registry;
let artifacts: string;
let seconds = 0;
const outcomes: Outcome[] = [];

const say = (line: string) => void process.stderr.write(`${line}\n`);

beforeAll(async () => {
  build = await ensureConformanceBuilt({ progress: say });
  const all = withoutSkips(labelled(await listTests(build.program), 'Conformance'), SKIPS);
  tests = focus === undefined ? all : all.filter((name) => new RegExp(focus).test(name));
  if (tests.length === 0) throw new Error(`no conformance test matches ${focus}`);
  artifacts = await artifactDirectory('conformance');
  say(`${tests.length} tests of Kubernetes ${build.kubernetes}, ${SKIPS.length} skipped; reports in ${artifacts}`);
  world = await createWorld(
    'conformance',
    NODES.map((name) => ({ name })),
  );
  const archives = [join(build.images, 'conformance.tar')];
  registry = await openRegistry({ archives, host: world.lab.plan.operator.address });
  for (const node of NODES) await useMirror(node);
  await world.up(['--hosts', NODES.join(','), '--control-plane', 's4', '--images', build.images]);
}, 60 * MINUTE);
afterAll(async () => {
  await world?.down();
  await registry?.close();
});

async function useMirror(node: string): Promise<void> {
  const file = '/etc/containerd/certs.d/registry.k8s.io/hosts.toml';
  const script = `mkdir -p "$(dirname ${file})" && cat >${file}`;
  const { code, stderr } = await world.lab.exec(node, ['sh', '-c', script], { input: mirrorConfig(registry.url) });
  expect(code, stderr).toBe(0);
}

describe('conformance tests of Kubernetes pass', () => {
  it.each(SHARDS)('$title', { timeout: (SHARD_MINUTES + 10) * MINUTE }, async (part) => {
    const chosen = shard(tests, part);
    if (chosen.length === 0) return;
    const began = performance.now();
    const ended = await runGinkgo('conformance', {
      build,
      kubeconfig: join(world.operator.stateDir, 'kubeconfig'),
      tests: chosen,
      procs: part.alone ? 1 : procs,
      seed: testSeed(),
      minutes: SHARD_MINUTES,
      directory: join(artifacts, part.title.replaceAll(/\W+/g, '-')),
    });
    seconds += (performance.now() - began) / 1000;
    outcomes.push(...ended);
    const wrong = ended.filter(({ state }) => state !== 'passed');
    expect(wrong.map(({ name, state, message }) => `${name}: ${state}: ${message}`)).toEqual([]);
  });
});

describe('what they found', () => {
  it('is recorded, unless it was a part', () => {
    const record = conformanceRecord(outcomes, {
      kubernetes: build.kubernetes,
      nodes: 'one control plane, two workers',
      skipped: [...SKIPS],
      seconds: Math.round(seconds),
      procs,
      seed: testSeed(),
      ran: new Date().toISOString().slice(0, 10),
      commit,
    });
    say(`${record.passed} passed, ${record.failed} failed, ${record.skipped.length} skipped; reports in ${artifacts}`);
    expect(record.passed + record.failed).toBeGreaterThan(0);
    if (focus === undefined) writeConformanceRecord('conformance', record);
  });
});
