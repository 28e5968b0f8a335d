import { isIPv6 } from 'node:net';
import { stringify } from 'yaml';
import type { ClusterSpec } from '../config/spec.js';
import { operatorTls } from './operator-tls.js';
import type { Pki } from './pki.js';

/* kubeconfig files: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/ */

interface AdminKubeconfig {
  spec: ClusterSpec;
  pki: Pki;
  /** Control planes whose address is known, in spec order; the first becomes the current context. */
  servers: { name: string; nodeIp: string }[];
}

/**
 * The administrator's kubeconfig with everything embedded: one context per control plane, since kubectl tries one
 * server only. Names carry the cluster's so that several files can be merged. A secret (0600).
 */
export function adminKubeconfig({ spec, pki, servers }: AdminKubeconfig): string {
  return embeddedKubeconfig({ spec, servers, user: `${spec.name}-admin`, tls: operatorTls(pki).kubernetes });
}

interface Embedded {
  spec: ClusterSpec;
  servers: AdminKubeconfig['servers'];
  /** Its name in the file. */
  user: string;
  /** PEM. */
  tls: { ca: string; cert: string; key: string };
  /** Where commands without one work. */
  namespace?: string;
}

/** Everything embedded, a context per control plane. A secret (0600). */
export function embeddedKubeconfig({ spec, servers, user, tls: { ca, cert, key }, namespace }: Embedded): string {
  const name = (server: string) => `${spec.name}-${server}`;
  const [first] = servers;
  return format({
    currentContext: first ? name(first.name) : '',
    clusters: servers.map((server) => ({
      name: name(server.name),
      cluster: {
        server: apiUrl(server.nodeIp, spec.apiServer.port),
        'certificate-authority-data': base64(ca),
      },
    })),
    contexts: servers.map((server) => ({
      name: name(server.name),
      context: { cluster: name(server.name), user, ...(namespace !== undefined && { namespace }) },
    })),
    users: [{ name: user, user: { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) } }],
  });
}

interface ComponentKubeconfig {
  spec: ClusterSpec;
  user: string;
  /** Paths on the node; client-go reads certificate and key again when they change. */
  authorityPath: string;
  certificatePath: string;
  keyPath: string;
}

/** A component's kubeconfig on a node: the API by the node's own address for it, credentials by path. No secret. */
export function componentKubeconfig(options: ComponentKubeconfig): string {
  const { spec, user, authorityPath, certificatePath, keyPath } = options;
  const { network, apiServer } = spec;
  const cluster = { server: apiUrl(network.apiAddress, apiServer.port), 'certificate-authority': authorityPath };
  return format({
    currentContext: spec.name,
    clusters: [{ name: spec.name, cluster }],
    contexts: [{ name: spec.name, context: { cluster: spec.name, user } }],
    users: [{ name: user, user: { 'client-certificate': certificatePath, 'client-key': keyPath } }],
  });
}

interface KubeconfigParts {
  currentContext: string;
  clusters: object[];
  contexts: object[];
  users: object[];
}

/** Keys in a fixed order and no folding: the same input gives the same bytes. */
function format({ currentContext, clusters, contexts, users }: KubeconfigParts): string {
  const document = { apiVersion: 'v1', kind: 'Config', clusters, contexts, 'current-context': currentContext, users };
  return stringify(document, { lineWidth: 0, aliasDuplicateObjects: false });
}

function apiUrl(address: string, port: number): string {
  return `https://${isIPv6(address) ? `[${address}]` : address}:${port}`;
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
