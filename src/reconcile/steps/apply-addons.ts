import { applyManifest } from '../../kube/apply.js';
import { waitServing } from '../../kube/readiness.js';
import type { StepPlace, StepResult } from '../../runner/sequence.js';
import type { Reconciliation } from '../reconciliation.js';

/** The manifests every cluster gets, and the add-ons asked for. Needs the RBAC bootstrap to be through. */
export async function applyAddons(context: Reconciliation, { signal }: StepPlace): Promise<StepResult> {
  const { spec } = context.options;
  const client = await context.access.kube();
  await waitServing({ client, endpoint: '/readyz', signal });
  const rbac = await applyManifest({ client, manifest: 'kubelet-api-access.yaml', values: {}, signal });
  const dns = (await dnsWanted(context))
    ? await applyManifest({
        client,
        manifest: 'coredns.yaml',
        values: {
          DNS_ADDRESS: spec.network.dnsAddress,
          DNS_IMAGE: spec.addons.dns.image,
          DNS_REPLICAS: String(spec.addons.dns.replicas),
          CLUSTER_DOMAIN: spec.network.clusterDomain,
        },
        signal,
      })
    : 'unchanged';
  const own = spec.network.mode === 'manifest' && spec.network.manifest !== undefined;
  const network = own ? await applyManifest({ client, path: spec.network.manifest, values: {}, signal }) : 'unchanged';
  return [rbac, dns, network].includes('changed') ? 'changed' : 'unchanged';
}

/** With --images the site is taken to be offline: an image that is not among them could never be pulled. */
async function dnsWanted({ options, bus }: Reconciliation): Promise<boolean> {
  const { enabled, image } = options.spec.addons.dns;
  if (!enabled) return false;
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
