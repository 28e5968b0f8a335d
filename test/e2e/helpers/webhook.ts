import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Operator } from './cli.js';
import { eventually } from './workload.js';

const NAMESPACE = 'hook';
const HOST = `hook.${NAMESPACE}.svc`;

function selfSigned(): { certificate: string; key: string } {
  const directory = mkdtempSync(join(tmpdir(), 'k8s-diskless-hook-'));
  try {
    const [certificate, key] = [join(directory, 'crt'), join(directory, 'key')];
    const subject = ['-subj', `/CN=${HOST}`, '-addext', `subjectAltName=DNS:${HOST}`];
    const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];
    execFileSync('openssl', ['req', ...kind, ...subject, '-keyout', key, '-out', certificate], { stdio: 'ignore' });
    return { certificate: readFileSync(certificate, 'base64'), key: readFileSync(key, 'base64') };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function objects(certificate: string, key: string): object[] {
  const labels = { app: 'hook' };
  const metadata = { name: 'hook', namespace: NAMESPACE };
  const container = {
    name: 'echo',
    image: 'k8s-diskless.test/echo:1',
    imagePullPolicy: 'Never',
    env: [
      { name: 'TLS_CERT_FILE', value: '/tls/tls.crt' },
      { name: 'TLS_KEY_FILE', value: '/tls/tls.key' },
    ],
    volumeMounts: [{ name: 'tls', mountPath: '/tls' }],
    readinessProbe: { tcpSocket: { port: 8443 }, periodSeconds: 1 },
  };
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'kubernetes.io/tls',
      metadata,
      data: { 'tls.crt': certificate, 'tls.key': key },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            terminationGracePeriodSeconds: 0,
            containers: [container],
            volumes: [{ name: 'tls', secret: { secretName: 'hook' } }],
          },
        },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { selector: labels, ports: [{ port: 443, targetPort: 8443 }] },
    },
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: 'hook' },
      webhooks: [
        {
          name: HOST,
          sideEffects: 'None',
          admissionReviewVersions: ['v1'],
          failurePolicy: 'Fail',
          timeoutSeconds: 5,
          namespaceSelector: { matchLabels: { hooked: 'yes' } },
          rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }],
          clientConfig: { caBundle: certificate, service: { namespace: NAMESPACE, name: 'hook', path: '/webhook' } },
        },
      ],
    },
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'hooked', labels: { hooked: 'yes' } } },
  ];
}

/** Creates an object that only a webhook behind a ClusterIP lets through: the apiserver reached a pod. */
export async function createThroughWebhook(operator: Operator): Promise<void> {
  const { certificate, key } = selfSigned();
  const list = { apiVersion: 'v1', kind: 'List', items: objects(certificate, key) };
  await operator.kubectlWith(JSON.stringify(list), 'apply', '-f', '-');
  await operator.kubectl('-n', NAMESPACE, 'rollout', 'status', 'deployment/hook', '--timeout=90s');
  await eventually(() => operator.kubectl('-n', 'hooked', 'create', 'configmap', 'asked'));
  await operator.kubectl('delete', 'validatingwebhookconfiguration', 'hook');
  await operator.kubectl('delete', 'namespace', 'hooked', NAMESPACE, '--wait=false');
}
