import { dnsImageOf } from '../../config/upgrade-stages.js';
import { applyObjects } from '../../kube/apply.js';
import { bundledManifest } from '../../kube/manifest.js';
import type { KubeObject, Toleration } from '../../kube/objects.js';
import type { Gave, StepPlace } from '../../runner/sequence.js';
import { changed } from '../change.js';
import type { Run } from '../context.js';
import type { DnsPods } from '../dns-pods.js';
import { authorityMark, untilAuthorityIsPublished } from '../published-authority.js';
import { settling, untilServing } from '../settling.js';

/** The manifests every cluster gets, and the add-ons asked for. Needs the RBAC bootstrap to be through. */
export async function applyAddons(
  context: Run,
  { step, signal }: StepPlace,
): Promise<Gave<{ dnsPods: DnsPods | undefined }>> {
  const client = await context.cluster.kube();
  const { ca } = (await context.options.state.pki.operatorIdentities()).kubernetes;
  const dns = await dnsObjects(context, ca);
  const objects = [...(await baseObjects(context)), ...dns];
  await untilServing(context, client, signal);
  const deployment = dns.find(({ kind }) => kind === 'Deployment')?.metadata;
  if (deployment) {
    const { name, namespace = '' } = deployment;
    await untilAuthorityIsPublished(context, { client, deployment: { name, namespace }, ca, signal });
  }
  const applied = await settling(context, () => applyObjects({ client, objects, signal }));
  const differing = applied.filter(({ outcome }) => outcome !== 'unchanged');
  for (const { subject, outcome } of differing) changed(context, { step }, `${subject} ${outcome}`);
  const [dnsPods] = dns.flatMap(podsOf);
  return { outcome: differing.length > 0 ? 'changed' : 'unchanged', gives: { dnsPods } };
}

interface Deployment extends KubeObject {
  spec: {
    replicas: number;
    selector: { matchLabels: Record<string, string> };
    template: { spec: { tolerations?: Toleration[] } };
  };
}

function podsOf(object: KubeObject): DnsPods[] {
  if (object.kind !== 'Deployment') return [];
  const { metadata, spec } = object as Deployment;
  const { tolerations = [] } = spec.template.spec;
  return [
    { namespace: metadata.namespace ?? '', labels: spec.selector.matchLabels, replicas: spec.replicas, tolerations },
  ];
}

async function baseObjects({ options }: Run): Promise<KubeObject[]> {
  return [...(await bundledManifest({ name: 'kubelet-api-access.yaml' })), ...options.networkObjects];
}

async function dnsObjects(context: Run, ca: string): Promise<KubeObject[]> {
  const { spec } = context.options;
  const { network, addons } = spec;
  const image = dnsImageOf(spec, context.memory.record?.upgrade);
  if (!(await dnsWanted(context, image))) return [];
  return bundledManifest({
    name: 'coredns.yaml',
    values: {
      DNS_ADDRESS: network.dnsAddress,
      DNS_IMAGE: image,
      DNS_REPLICAS: addons.dns.replicas,
      CLUSTER_DOMAIN: network.clusterDomain,
      API_AUTHORITY: authorityMark(ca),
    },
  });
}

/** With --images the site is taken to be offline: an image that is not among them could never be pulled. */
async function dnsWanted({ options, bus }: Pick<Run, 'options' | 'bus'>, image: string): Promise<boolean> {
  if (!options.spec.addons.dns.enabled) return false;
  const images = await options.content.images();
  if (images.length === 0 || images.some(({ references }) => references.includes(image))) return true;
  bus.emit({
    type: 'note',
    level: 'warning',
    code: 'dns-image-missing',
    message: `the cluster DNS was not applied: ${image} is not among the image archives`,
    hint: 'add its archive to the images directory, or name another image with --dns-image',
  });
  return false;
}
