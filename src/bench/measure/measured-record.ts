import { PATHS as NODE_PATHS } from '../../node/paths.js';
import type { Environment } from '../record/environment-schema.js';
import { fingerprintOf } from '../record/fingerprint.js';
import type { RunRecord } from '../record/record-schema.js';
import { RUN_FORMAT, RUN_SCHEMA, STAGES } from '../record/terms.js';
import type { Measured } from './bench-context.js';
import type { BenchmarkOptions } from './benchmark-options.js';
import { etcdFilesystem } from './etcd-metrics.js';

/* What is measured becomes a record: blank at first, filled by each part of a run. */

export async function blankMeasured({ spec, cluster, signal }: BenchmarkOptions): Promise<Measured> {
  const member = cluster.nodes.find(({ role }) => role === 'control-plane');
  const filesystem = member ? await etcdFilesystem(member, NODE_PATHS.etcdData, signal) : 'unknown';
  const dnsOff = spec.addons.dns.enabled ? null : 'the cluster has no DNS add-on of ours';
  return {
    rounds: [],
    pods: {
      stages: [...STAGES],
      samples: [],
      kubelet: { unavailable: 'the run ended before they were read again', nodes: [] },
    },
    network: { mtu: [], leftOut: [], samples: [] },
    api: { unavailable: null, samples: [] },
    dns: { unavailable: dnsOff, samples: [] },
    etcd: { unavailable: null, filesystem, samples: [] },
    findings: [],
  };
}

interface Finished {
  outcome: RunRecord['outcome'];
  environment: Environment;
  measured: Measured;
  observer: RunRecord['observer'];
}

export function recordOf(options: BenchmarkOptions, { outcome, environment, measured, observer }: Finished): RunRecord {
  const { preset, software, seed, startedAt } = options;
  const startedText = startedAt.toISOString();
  return {
    format: RUN_FORMAT,
    schema: RUN_SCHEMA,
    id: startedText.replaceAll(':', '-'),
    software,
    startedAt: startedText,
    endedAt: new Date().toISOString(),
    outcome,
    seed,
    preset,
    environment,
    fingerprint: fingerprintOf(environment, preset.values),
    ...measured,
    observer,
  };
}
