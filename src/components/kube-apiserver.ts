import type { DesiredFile } from '../node/desired.js';
import { PATHS } from '../node/paths.js';
import { OWN_PORTS } from '../node/ports.js';
import { artifactFile } from './artifact-file.js';
import type { Component, ComponentContext } from './context.js';
import { commandLine, type Flags } from './flags.js';
import { PKI, pathsIn } from './pki-paths.js';
import { HTTP2_TIMEOUTS, KEEP_RUNNING, START_TIMEOUT, serviceUnit, textFile, unitPath } from './systemd.js';

const UNIT = 'kube-apiserver.service';
const BINARY = `${PATHS.bin}/kube-apiserver`;
const AUDIT_POLICY = `${PATHS.kubernetes}/audit-policy.yaml`;

/** The same flags on every version of the table. */
export const kubeApiServer: Component = (context) => {
  const audit = auditFiles(context);
  return {
    component: 'kube-apiserver',
    files: [artifactFile(context, 'kube-apiserver'), ...audit, unitFile(context)],
    units: [
      {
        name: UNIT,
        inputs: [unitPath(UNIT), BINARY, ...audit.map(({ path }) => path), ...pkiInputs()],
        disruption: 'apiserver',
      },
    ],
  };
};

function pkiInputs(): string[] {
  const { ca, clientCa, serviceAccountKey, serviceAccountPublicKey, encryptionConfig, frontProxyCa, etcdCa } = PKI;
  const { frontProxyClient, apiServer, apiServerKubeletClient, apiServerEtcdClient } = PKI;
  return [
    ca,
    clientCa,
    serviceAccountKey,
    serviceAccountPublicKey,
    encryptionConfig,
    frontProxyCa,
    etcdCa,
    ...pathsIn([frontProxyClient, apiServer, apiServerKubeletClient, apiServerEtcdClient]),
  ];
}

function unitFile(context: ComponentContext): DesiredFile {
  const { apiServer } = context.spec;
  return serviceUnit({
    name: UNIT,
    description: 'Kubernetes API server',
    after: ['k8s-diskless-node.service', 'etcd.service'],
    start: commandLine({ binary: BINARY, flags: flags(context), extraArgs: apiServer.extraArgs }),
    service: {
      Type: 'notify',
      ...START_TIMEOUT,
      Environment: HTTP2_TIMEOUTS,
      ...(apiServer.audit && { LogsDirectory: 'kubernetes', LogsDirectoryMode: '0700' }),
      ...KEEP_RUNNING,
      LimitNOFILE: '65536',
      CPUWeight: '500',
      ...(context.traits.canLowerOomScore && { OOMScoreAdjust: '-998' }),
    },
  });
}

function flags(context: ComponentContext): Flags {
  const { spec, nodeIp } = context;
  return {
    'advertise-address': nodeIp,
    'secure-port': spec.apiServer.port,
    'allow-privileged': true,
    'authorization-mode': ['Node', 'RBAC'],
    'enable-admission-plugins': 'NodeRestriction',
    'client-ca-file': PKI.clientCa,
    'tls-cert-file': PKI.apiServer.cert,
    'tls-private-key-file': PKI.apiServer.key,
    // Its own member only. etcd's client spreads requests over every member it knows, and one that lost power keeps its
    // share of them hanging for 30 s + 10 s of keepalive (apiserver storage/factory/etcd3.go); beside a dead member this
    // apiserver fails /readyz instead, and everybody is led to another one within seconds.
    'etcd-servers': `https://127.0.0.1:${OWN_PORTS.etcdClient.port}`,
    'etcd-cafile': PKI.etcdCa,
    'etcd-certfile': PKI.apiServerEtcdClient.cert,
    'etcd-keyfile': PKI.apiServerEtcdClient.key,
    'encryption-provider-config': PKI.encryptionConfig,
    'kubelet-certificate-authority': PKI.ca,
    'kubelet-client-certificate': PKI.apiServerKubeletClient.cert,
    'kubelet-client-key': PKI.apiServerKubeletClient.key,
    'kubelet-preferred-address-types': ['InternalIP', 'ExternalIP', 'Hostname'],
    'service-cluster-ip-range': spec.network.serviceCidr,
    'service-account-issuer': `https://kubernetes.default.svc.${spec.network.clusterDomain}`,
    'service-account-key-file': PKI.serviceAccountPublicKey,
    'service-account-signing-key-file': PKI.serviceAccountKey,
    // Aggregated APIs (metrics-server). --enable-aggregator-routing stays off: control planes run kube-proxy and have a
    // route for the service CIDR, so ClusterIPs reach webhooks and aggregated APIs the same way.
    'requestheader-client-ca-file': PKI.frontProxyCa,
    'requestheader-allowed-names': 'front-proxy-client',
    'requestheader-username-headers': 'X-Remote-User',
    'requestheader-group-headers': 'X-Remote-Group',
    'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
    'proxy-client-cert-file': PKI.frontProxyClient.cert,
    'proxy-client-key-file': PKI.frontProxyClient.key,
    profiling: false,
    ...auditFlags(context),
  };
}

function auditFlags({ spec: { apiServer } }: ComponentContext): Flags {
  if (apiServer.audit === undefined) return {};
  return {
    'audit-policy-file': AUDIT_POLICY,
    'audit-log-path': '/var/log/kubernetes/audit.log',
    'audit-log-maxsize': apiServer.audit.maxSizeMiB,
    'audit-log-maxbackup': apiServer.audit.maxBackups,
  };
}

function auditFiles({ spec: { apiServer } }: ComponentContext): DesiredFile[] {
  return apiServer.audit ? [textFile(AUDIT_POLICY, apiServer.audit.policy)] : [];
}
