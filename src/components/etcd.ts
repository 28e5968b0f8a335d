import { peerUrl } from '../etcd/peer-url.js';
import type { DesiredFile } from '../node/desired.js';
import { PATHS } from '../node/paths.js';
import { OWN_PORTS } from '../node/ports.js';
import { artifactFile } from './artifact-file.js';
import type { Component, ComponentContext, EtcdBootstrap } from './context.js';
import { etcdDialect } from './etcd-dialect.js';
import { commandLine, type Flags } from './flags.js';
import { PKI, pathsIn } from './pki-paths.js';
import { KEEP_RUNNING, START_TIMEOUT, serviceUnit, textFile, unitPath } from './systemd.js';

const UNIT = 'etcd.service';
const BINARY = `${PATHS.bin}/etcd`;

/** One-time parameters, which only a member without data reads: not an input of the unit. */
const BOOTSTRAP_FILE = `${PATHS.kubernetes}/etcd-bootstrap.env`;

/** etcd, a member on every control plane. Several members bootstrap together and are ready at their first quorum. */
export const etcd: Component = (context) => {
  const { canLowerOomScore } = context.traits;
  return {
    component: 'etcd',
    files: [artifactFile(context, 'etcd'), bootstrapFile(context.etcdBootstrap), unitFile(context, canLowerOomScore)],
    units: [
      {
        name: UNIT,
        inputs: [unitPath(UNIT), BINARY, PKI.etcdCa, ...pathsIn(PKI.etcdServer), ...pathsIn(PKI.etcdPeer)],
        disruption: 'etcd',
      },
    ],
  };
};

function unitFile(context: ComponentContext, canLowerOomScore: boolean): DesiredFile {
  return serviceUnit({
    name: UNIT,
    description: 'etcd',
    after: ['k8s-diskless-node.service'],
    start: commandLine({ binary: BINARY, flags: flags(context), extraArgs: context.spec.etcdServer.extraArgs }),
    service: {
      Type: 'notify',
      ...START_TIMEOUT,
      EnvironmentFile: `-${BOOTSTRAP_FILE}`,
      StateDirectory: 'etcd',
      StateDirectoryMode: '0700',
      ...KEEP_RUNNING,
      LimitNOFILE: '65536',
      // A member that misses heartbeats costs an election; one that the OOM killer takes costs a rejoin.
      CPUWeight: '1000',
      Nice: '-10',
      ...(canLowerOomScore && { OOMScoreAdjust: '-999' }),
    },
  });
}

function flags({ spec, node, nodeIp }: ComponentContext): Flags {
  const { etcdClient, etcdMetrics } = OWN_PORTS;
  const clientUrl = `https://${nodeIp}:${etcdClient.port}`;
  return {
    name: node.name,
    'data-dir': PATHS.etcdData,
    'listen-client-urls': [clientUrl, `https://127.0.0.1:${etcdClient.port}`],
    'advertise-client-urls': clientUrl,
    'listen-peer-urls': peerUrl(nodeIp),
    'initial-advertise-peer-urls': peerUrl(nodeIp),
    'listen-metrics-urls': `http://127.0.0.1:${etcdMetrics.port}`,
    'cert-file': PKI.etcdServer.cert,
    'key-file': PKI.etcdServer.key,
    'trusted-ca-file': PKI.etcdCa,
    'client-cert-auth': true,
    'peer-cert-file': PKI.etcdPeer.cert,
    'peer-key-file': PKI.etcdPeer.key,
    'peer-trusted-ca-file': PKI.etcdCa,
    'peer-client-cert-auth': true,
    // etcd's defaults, stated because members must agree. Shorter ones gain nothing at bootstrap (election ticks are
    // advanced then) and cost elections where control planes share a few busy cores.
    'heartbeat-interval': 100,
    'election-timeout': 1000,
    // RAM is the disk: a WAL segment is 64 MB, preallocated, and its successor too.
    'snapshot-count': 10_000,
    'max-wals': 1,
    'max-snapshots': 1,
    'quota-backend-bytes': spec.etcdServer.quotaBackendBytes,
    ...etcdDialect(spec.etcd),
  };
}

/**
 * Always wanted: a member that has data keeps the file it was started with, whatever that says. One that is to be
 * bootstrapped gets the parameters of this attempt, also over those of an attempt given up.
 */
export function bootstrapFile(etcdBootstrap: EtcdBootstrap | undefined): DesiredFile {
  if (etcdBootstrap === undefined) {
    return { ...textFile(BOOTSTRAP_FILE, '# This member has its data.\n', 0o600), once: true };
  }
  const { token, initialClusterState, initialCluster } = etcdBootstrap;
  const lines = [
    `ETCD_INITIAL_CLUSTER=${initialCluster.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(',')}`,
    `ETCD_INITIAL_CLUSTER_STATE=${initialClusterState}`,
    `ETCD_INITIAL_CLUSTER_TOKEN=${token}`,
  ];
  return textFile(BOOTSTRAP_FILE, `${lines.join('\n')}\n`, 0o600);
}
