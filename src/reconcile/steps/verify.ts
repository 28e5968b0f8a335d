import { controlPlanes } from '../../config/spec.js';
import { DisklessError } from '../../errors.js';
import { type ClusterFinding, type VerifyOptions, verifyCluster } from '../../kube/verify.js';
import { waitsFor } from '../../runner/long-waits.js';
import type { Gave, Outcome, StepPlace } from '../../runner/sequence.js';
import { readBootId } from '../../ssh/boot-id.js';
import { hasControllers, type JudgedRun, type Run } from '../context.js';
import { NETWORK_BROKEN, type Way } from '../network-ways.js';
import { untilServing, untilSettled } from '../settling.js';
import type { Traffic } from './prove-network.js';

/** Serving comes first, its own bootstrap (RBAC roles, priority classes) a second or two later. */
export async function waitApiReady(context: Run, { node, signal }: StepPlace): Promise<Outcome> {
  await untilServing(context, await context.cluster.kubeOf(node), signal);
  return 'unchanged';
}

/** Whoever rebooted or lost power after it was done is no fault of the cluster: a connection alone tells it too late. */
export async function isInSameBoot(context: Run, { node, signal }: StepPlace): Promise<Gave<true>> {
  await readBootId(context.cluster.session(node), { signal });
  return { outcome: 'unchanged', gives: true };
}

/** What others have found out, by node name. */
interface Verifying extends JudgedRun {
  /** Whose components are well. */
  readonly healthy: ReadonlyMap<string, unknown>;
  readonly traffic: ReadonlyMap<string, Traffic>;
  /** Who was still there when everything else was done. */
  readonly sameBoot: ReadonlyMap<string, unknown>;
}

/** What `up` promises at its end, asked of the cluster itself until it is true or has had its time. */
export async function verifyPromises(context: Verifying, { signal, failed }: StepPlace): Promise<Outcome> {
  const { spec } = context.options;
  // What failed is reported already; here it is asked whether the cluster works without. A node whose traffic does not
  // come through everywhere is there.
  const isBroken = (name: string): boolean => (context.traffic.get(name)?.broken.length ?? 0) > 0;
  const isThere = (name: string): boolean => !failed.has(name) || (isBroken(name) && context.sameBoot.has(name));
  const work = new Map([...context.judgement.work].filter(([name]) => isThere(name)));
  const present = controlPlanes(spec).filter(({ name }) => work.has(name));
  const options: VerifyOptions = {
    client: await context.cluster.kube(),
    controlPlanes: await Promise.all(
      present.map(async ({ name }) => ({
        name,
        nodeIp: work.get(name)?.nodeIp ?? '',
        client: await context.cluster.kubeOf(name),
      })),
    ),
    nodes: new Map([...work.values()].map(({ node, facts }) => [node.name, facts.bootId])),
    leaderElection: controlPlanes(spec).length > 1,
    signal,
  };
  const findings = await untilSettled(
    context,
    async () => {
      const seen = await verifyCluster(options);
      waitsFor(errorsText(seen.filter(({ severity }) => severity === 'error')));
      return seen;
    },
    // Where no control plane got this far, nobody is there who could settle anything.
    (seen) =>
      !present.some(({ name }) => context.healthy.has(name)) || !seen.some(({ severity }) => severity === 'error'),
  );
  for (const { severity, ...note } of findings) {
    if (severity === 'warning') context.bus.emit({ type: 'note', level: 'warning', ...note });
  }
  const errors = [
    ...findings.filter(({ severity }) => severity === 'error'),
    ...controllerFindings(context),
    ...networkFindings(context),
  ];
  if (errors.length === 0) return 'unchanged';
  throw new DisklessError({
    code: 'verification-failed',
    message: errorsText(errors),
    ...(errors[0]?.hint && { hint: errors[0].hint }),
  });
}

function errorsText(errors: readonly ClusterFinding[]): string {
  return errors.map(({ node, message }) => (node ? `${node}: ${message}` : message)).join('; ');
}

/** One control plane with a living controller-manager and scheduler is enough, none is no cluster. */
function controllerFindings(context: Verifying): ClusterFinding[] {
  if (hasControllers(context, context.healthy)) return [];
  const message = 'no control plane has a controller-manager and a scheduler that work';
  return [{ code: 'no-controllers', severity: 'error', message }];
}

/** A way that is broken between some nodes is a fault of these; one that is nowhere found to work is the cluster's. */
function networkFindings({ traffic }: Verifying): ClusterFinding[] {
  const all = [...traffic.values()];
  return (['api', 'pods'] as const).flatMap((kind): ClusterFinding[] => {
    const count = (ways: readonly Way[]): number => ways.filter((way) => way.kind === kind).length;
    const tried = all.reduce((sum, each) => sum + count(each.tried), 0);
    const broken = all.reduce((sum, each) => sum + count(each.broken), 0);
    if (tried === 0 || broken < tried) return [];
    const where = kind === 'api' ? 'the Kubernetes API' : 'the pod network of any other';
    return [{ code: NETWORK_BROKEN, severity: 'error', message: `from no node traffic comes through to ${where}` }];
  });
}
