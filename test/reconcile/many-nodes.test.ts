import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CONFIG_SEGMENT, segmentIds } from '../../src/delivery/build-segments.js';
import type { Judgement } from '../../src/reconcile/judgement.js';
import { judge } from '../../src/reconcile/up-sequence.js';
import type { StepReport } from '../../src/runner/perform-step.js';
import { readClusterRecord, readNodeRecords } from '../../src/state/record-files.js';
import { stateDirAt } from '../../src/state/state-dir.js';
import { type Fleet, startFleet } from '../helpers/fake-node/fleet.js';
import { writeReleases } from '../helpers/release-directory.js';
import { prepareUp, upUntilSent } from '../helpers/up-until-sent.js';

/* Twelve blank nodes, each an SSH server: everything from the flags to the last acknowledged file is the real thing. */

const COUNT = 12;
let scratch: string;
let fleet: Fleet;
let judgement: Judgement | undefined;
let reports: StepReport[];

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'many-nodes-'));
  const artifacts = join(scratch, 'artifacts');
  mkdirSync(artifacts);
  writeReleases(artifacts);
  vi.stubEnv('XDG_CACHE_HOME', join(scratch, 'cache'));
  fleet = await startFleet({ count: COUNT, zstd: false, directory: scratch });
  const flags = {
    hosts: `n[1-${COUNT}]`,
    artifacts,
    sshConfig: fleet.sshConfig,
    stateDir: join(scratch, 'state'),
  };
  const input = await prepareUp(flags, [], new AbortController().signal);
  const pass = await upUntilSent(input);
  judgement = pass.values.of(judge);
  reports = pass.reports;
});

afterAll(async () => {
  await fleet?.close();
  vi.unstubAllEnvs();
  rmSync(scratch, { recursive: true, force: true });
});

describe('up on many nodes, until their files are sent', () => {
  it('gets through every step on every node', () => {
    expect(reports.filter(({ outcome }) => outcome !== 'changed' && outcome !== 'unchanged')).toEqual([]);
    const sent = reports.filter(({ step, outcome }) => step.startsWith('send') && outcome === 'changed');
    expect(sent.map(({ node }) => node).sort()).toEqual(fleet.nodes.map(({ name }) => name).sort());
  });

  it('gives every node each file it should hold, whole, and nothing of another node', () => {
    for (const { name, deliveries } of fleet.nodes) {
      const work = judgement?.work.get(name);
      if (work === undefined) throw new Error(`${name} was not planned for`);
      expect(deliveries).toHaveLength(1);
      const { segments, removed, clusterId, incarnation } = deliveries[0] as (typeof deliveries)[number];
      expect([...segments.keys()]).toEqual(segmentIds(work.difference));
      expect(removed).toEqual([]);
      expect({ clusterId, incarnation }).toEqual({ clusterId: judgement?.record.clusterId, incarnation: 1 });
      const received = [...segments.values()].flat().map(({ path, sha256, mode }) => `${path} ${sha256} ${mode}`);
      const wanted = work.desired.components.flatMap(({ files }) => files.map(({ path }) => path));
      const planned = work.difference.files.map(({ file, sha256 }) => `${file.path} ${sha256} ${file.mode}`);
      expect(received.sort()).toEqual(planned.sort());
      expect(planned).toHaveLength(wanted.length);
      const config = segments.get(CONFIG_SEGMENT) ?? [];
      expect(config.map(({ path }) => path)).toContain('/etc/kubernetes/kubelet.yaml');
    }
  });

  it('remembers the cluster, and each node by its own boot, key and address', async () => {
    const state = stateDirAt(join(scratch, 'state'));
    const record = await readClusterRecord(state);
    expect(record?.etcd).toMatchObject({ phase: 'bootstrapping', members: ['n1', 'n2', 'n3'] });
    const nodes = [...(await readNodeRecords(state)).values()];
    expect(nodes).toHaveLength(COUNT);
    for (const distinct of ['bootId', 'nodeIp'] as const) {
      expect(new Set(nodes.map((node) => node[distinct])).size).toBe(COUNT);
    }
    expect(new Set(nodes.map(({ hostKey }) => hostKey.fingerprint)).size).toBe(COUNT);
  });

  it('needs one connection and two commands per node, and on control planes one that tries the ports of the others', () => {
    for (const { name, sshd } of fleet.nodes) {
      const { connections, commands } = sshd;
      // Beside the facts, not after them: whether a second session is opened.
      expect({ name, connections, probes: commands.filter((command) => command === 'true').length }).toEqual({
        name,
        connections: 1,
        probes: 1,
      });
      const isMember = judgement?.work.get(name)?.node.role === 'control-plane';
      expect(
        commands.filter((command) => command !== 'true'),
        name,
      ).toHaveLength(isMember ? 3 : 2);
    }
  });
});
