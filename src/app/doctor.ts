import { X509Certificate } from 'node:crypto';
import type { Cluster } from '../cluster/cluster.js';
import type { Survey } from '../cluster/cluster-status.js';
import { openRecordedCluster, type RecordedCluster } from '../cluster/recorded-cluster.js';
import { type ClusterSpec, controlPlanes, type SshSpec } from '../config/spec.js';
import { asksOf } from '../doctor/asks.js';
import { type DoctorReport, resultsOf, type Tallies } from '../doctor/report.js';
import { sendTraffic } from '../doctor/send-traffic.js';
import { type Fit, prepareSite, removeSite, type Site } from '../doctor/site.js';
import { type LeafEnd, surveyVerdicts } from '../doctor/survey-verdicts.js';
import { webhookPaths } from '../doctor/webhook-path.js';
import { DisklessError, toDisklessError } from '../errors.js';
import type { KubeClient } from '../kube/client.js';
import { type ClusterFinding, verifyCluster } from '../kube/verify.js';
import { PATHS } from '../node/paths.js';
import { surveyCluster } from './status.js';

export interface DoctorOptions {
  recorded: RecordedCluster;
  /** Wins over what is recorded. */
  ssh?: SshSpec;
  /** A name outside of the cluster that pods have to be able to resolve. */
  outside?: string | undefined;
  tell: (line: string) => void;
  signal: AbortSignal;
}

interface Examination extends DoctorOptions {
  spec: ClusterSpec;
  cluster: Cluster;
  survey: Survey;
}

const ANSWER_MS = 5_000;
/** Not by the run's signal, which may be what ended it. */
const TIDY_TIMEOUT_MS = 90_000;

/** `doctor`: all of the recorded cluster, traffic of its pods included, under the lock that the caller holds. */
export async function examine(options: DoctorOptions): Promise<DoctorReport> {
  const { recorded, ssh, tell, signal } = options;
  // Its connections outlive the signal, so that what was made can be removed.
  const opened = await openRecordedCluster(recorded, { ssh, tell });
  try {
    tell('looking at nodes, etcd and the API');
    const survey = await surveyCluster({ ...opened, recorded, signal });
    const examination = { ...options, ...opened, survey };
    const { kubernetes, cluster } = survey.status;
    const read = await readTallies(examination);
    const { nodes, tallies, otherwise } = await trafficTallies(examination);
    return { cluster, kubernetes, nodes, checks: resultsOf({ ...read, ...tallies }, otherwise) };
  } finally {
    await opened.cluster.close();
  }
}

async function readTallies(examination: Examination): Promise<Tallies> {
  const { survey } = examination;
  const [leaves, apiVersions, findings] = await Promise.all([
    leafEnds(examination),
    apiServerVersions(examination),
    verified(examination),
  ]);
  return surveyVerdicts({ survey, findings, leaves, apiVersions, now: new Date() });
}

async function leafEnds({ cluster, survey, signal }: Examination): Promise<Map<string, LeafEnd[]>> {
  const command = `find ${PATHS.pki} -name '*.crt' -exec cat {} +`;
  const read = [...survey.facts.keys()].map(async (node): Promise<[string, LeafEnd[]]> => {
    const options = { label: 'read certificates', root: true, signal };
    const { stdout } = await cluster.session(node).exec(command, options);
    const pems = stdout.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
    const leaves = pems.map((pem) => new X509Certificate(pem)).filter(({ ca }) => !ca);
    return [node, leaves.map(({ subject, validTo }) => ({ name: commonName(subject), ends: new Date(validTo) }))];
  });
  return new Map(await Promise.all(read));
}

const commonName = (subject: string): string => /^CN=(.*)$/m.exec(subject)?.[1] ?? subject;

async function apiServerVersions({ cluster, spec, signal }: Examination): Promise<Map<string, string>> {
  const asked = controlPlanes(spec).map(async ({ name }): Promise<[string, string][]> => {
    try {
      const client = await cluster.kubeOf(name);
      const { text } = await client.raw('/version', { signal, timeoutMs: ANSWER_MS });
      return [[name, (JSON.parse(text) as { gitVersion: string }).gitVersion]];
    } catch {
      // That it does not answer is told of where that is asked.
      signal.throwIfAborted();
      return [];
    }
  });
  return new Map((await Promise.all(asked)).flat());
}

async function verified({ cluster, spec, survey, signal }: Examination): Promise<ClusterFinding[] | undefined> {
  if (survey.status.apiSilent !== undefined) return undefined;
  return verifyCluster({
    client: await cluster.kube(),
    controlPlanes: await Promise.all(
      controlPlanes(spec).map(async ({ name }) => ({
        name,
        nodeIp: addressOf(survey, name) ?? '',
        client: await cluster.kubeOf(name),
      })),
    ),
    nodes: new Map([...survey.facts].map(([name, { bootId }]) => [name, bootId])),
    leaderElection: controlPlanes(spec).length > 1,
    signal,
  });
}

function addressOf({ objects }: Survey, node: string): string | undefined {
  const addresses = objects.find(({ metadata }) => metadata.name === node)?.status?.addresses;
  return addresses?.find(({ type }) => type === 'InternalIP')?.address;
}

interface Traffic {
  nodes: string[];
  tallies: Tallies;
  /** Why what has no tally was not asked. */
  otherwise: string;
}

async function trafficTallies(examination: Examination): Promise<Traffic> {
  const { cluster, survey, tell } = examination;
  const nodes = fitNodes(examination);
  if (survey.status.apiSilent !== undefined || nodes.length === 0) {
    const otherwise = nodes.length === 0 ? 'no node runs pods' : 'no kube-apiserver answers';
    return { nodes: [], tallies: {}, otherwise };
  }
  const client = await cluster.kube();
  try {
    return await withSite(examination, { client, nodes });
  } finally {
    tell('removing everything again');
    const signal = AbortSignal.timeout(TIDY_TIMEOUT_MS);
    await removeSite({ client, signal }).catch((error: unknown) =>
      tell(`left behind, for the next run to remove: ${toDisklessError(error).message}`),
    );
  }
}

/** Pods of any other would be waited for in vain. */
function fitNodes({ cluster, spec, survey }: Examination): Fit[] {
  return spec.nodes.flatMap((node): Fit[] => {
    const { name } = node;
    const status = survey.status.nodes.find((each) => each.name === name);
    const address = addressOf(survey, name);
    const isDown = ['kubelet', 'containerd'].some((component) => status?.down.includes(component));
    if (status === undefined || status.unreached !== undefined || status.rebooted || status.notReady !== undefined)
      return [];
    return isDown || address === undefined ? [] : [{ spec: node, address, session: cluster.session(name) }];
  });
}

async function withSite(
  { cluster, spec, outside, tell, signal }: Examination,
  { client, nodes: fit }: { client: KubeClient; nodes: Fit[] },
): Promise<Traffic> {
  tell('starting pods');
  const site = await prepareSite({ client, nodes: fit, image: spec.sandboxImage, signal }).catch(refusedBy(signal));
  if (site instanceof DisklessError) {
    const failures = [{ what: 'the API takes no pods of ours', why: site.message }];
    return { nodes: [], tallies: { 'pods-start': { asked: fit.length, failures } }, otherwise: 'no pod is there' };
  }
  try {
    const { nodes } = site;
    const tallies = await allTraffic({ site, spec, outside, tell, signal, cluster });
    const started = { asked: fit.length, failures: site.failures };
    const dns = spec.addons.dns.enabled ? 'no name is given (--outside NAME)' : 'the cluster has no DNS of ours';
    const otherwise = nodes.length === 0 ? 'no pod is there' : dns;
    return { nodes: nodes.map((each) => each.spec.name), tallies: { ...tallies, 'pods-start': started }, otherwise };
  } finally {
    await Promise.all(site.nodes.map(({ listener }) => listener.close()));
  }
}

const refusedBy = (signal: AbortSignal) => (error: unknown) => {
  signal.throwIfAborted();
  return toDisklessError(error);
};

interface AllTraffic extends Pick<Examination, 'spec' | 'outside' | 'tell' | 'signal' | 'cluster'> {
  site: Site;
}

async function allTraffic({ site: { nodes }, spec, outside, tell, signal, cluster }: AllTraffic): Promise<Tallies> {
  tell('sending traffic');
  const traffic = await sendTraffic({ spec, nodes, asks: asksOf({ spec, nodes, outside }), signal });
  const apiServers = await Promise.all(
    controlPlanes(spec).map(async ({ name }) => ({ name, client: await cluster.kubeOf(name) })),
  );
  return { ...traffic, webhooks: await webhookPaths({ apiServers, nodes, signal }) };
}
