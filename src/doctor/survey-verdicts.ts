import { authorityProblems, memberTroubles, nodeTroubles, type Survey } from '../cluster/cluster-status.js';
import type { NodeFacts } from '../facts/facts.js';
import type { KubeNode } from '../kube/objects.js';
import type { ClusterFinding } from '../kube/verify.js';
import { clockOff } from '../plan/preflight-clock.js';
import type { Failure, Tallies } from './report.js';

/** A certificate on a node. */
export interface LeafEnd {
  /** Common name. */
  name: string;
  ends: Date;
}

export interface SurveyVerdictOptions {
  survey: Survey;
  /** What `up` looks at before it says that the cluster works; undefined where no apiserver answers. */
  findings: readonly ClusterFinding[] | undefined;
  /** By node. */
  leaves: ReadonlyMap<string, readonly LeafEnd[]>;
  /** What each kube-apiserver that answers says it is, by node, e.g. `v1.37.2`. */
  apiVersions: ReadonlyMap<string, string>;
  now: Date;
}

/** `up` renews them from this day on. */
const LEAF_DAYS = 30;
const DAY_MS = 24 * 60 * 60 * 1000;
/** Less of its whole than this, in memory, space or inodes, and the next pod may be the last. */
const SCARCE = 0.05;
const PRESSURE = ['MemoryPressure', 'DiskPressure', 'PIDPressure'];

/** What is wrong as far as it can be read, without sending traffic. Pure. */
export function surveyVerdicts(options: SurveyVerdictOptions): Tallies {
  const { survey, findings, leaves, now } = options;
  const { status, facts, objects } = survey;
  const { nodes, members, authorities, apiSilent, noQuorum } = status;
  const silent = apiSilent === undefined ? [] : [failure({ what: 'no kube-apiserver answers', why: apiSilent })];
  const quorum = noQuorum === undefined ? [] : [failure({ what: 'no quorum answers', why: noQuorum })];
  return {
    nodes: { asked: nodes.length, failures: nodes.flatMap((node) => about(node.name, nodeTroubles(node))) },
    api: { asked: 1 + (findings === undefined ? 0 : nodes.length), failures: [...silent, ...apiFailures(findings)] },
    'etcd-members': {
      asked: members.length,
      failures: [...quorum, ...members.flatMap((each) => about(each.name, memberTroubles(each)))],
    },
    'etcd-alarms': {
      asked: members.filter(({ silent: unknown }) => unknown === undefined).length,
      failures: members.flatMap(({ name, errors }) => errors.map((why) => failure({ from: name, what: 'etcd', why }))),
    },
    certificates: {
      asked: authorities.length + [...leaves.values()].flat().length,
      failures: [
        ...authorities.flatMap(({ id, ends }) => authorityProblems(id, ends, now).map(({ message }) => said(message))),
        ...[...leaves].flatMap(([node, ends]) => leafFailures(node, ends, now)),
      ],
    },
    clock: {
      asked: facts.size,
      failures: [...facts].flatMap(([node, each]) => {
        const off = clockOff(each);
        return off === undefined ? [] : [said(off, node)];
      }),
    },
    versions: versionVerdicts(options),
    resources: {
      asked: facts.size,
      failures: [
        ...[...facts].flatMap(([node, each]) => about(node, scarce(each))),
        ...objects.flatMap((object) => about(object.metadata.name, pressures(object))),
      ],
    },
  };
}

const failure = (of: Failure): Failure => of;
const said = (why: string, from?: string): Failure => ({ ...(from !== undefined && { from }), what: '', why });

const about = (node: string, troubles: readonly { says: string }[]): Failure[] =>
  troubles.map(({ says }) => said(says, node));

/** What is wrong with nodes, the first check says. */
function apiFailures(findings: readonly ClusterFinding[] = []): Failure[] {
  return findings
    .filter(({ code }) => code !== 'node-not-ready' && code !== 'node-takes-no-pods')
    .map(({ node, message }) => said(message, node));
}

function leafFailures(node: string, ends: readonly LeafEnd[], now: Date): Failure[] {
  return ends.flatMap(({ name, ends: end }) => {
    const days = Math.floor((end.getTime() - now.getTime()) / DAY_MS);
    if (days >= LEAF_DAYS) return [];
    return [said(days < 0 ? `the certificate of ${name} has ended` : `the one of ${name} ends in ${days} days`, node)];
  });
}

function versionVerdicts({ survey: { status }, apiVersions }: SurveyVerdictOptions) {
  // What an upgrade has come to on each node is its own matter: either version is right.
  const { from = status, to = status } = status.upgrade ?? {};
  const wanted = [`v${from.kubernetes}`, `v${to.kubernetes}`];
  const runs = [
    ...[...apiVersions].map(([from, version]) => ({ from, what: 'kube-apiserver', version, wanted })),
    ...status.nodes.map(({ name, kubelet }) => ({ from: name, what: 'kubelet', version: kubelet, wanted })),
    ...status.members.map(({ name, version }) => ({ from: name, what: 'etcd', version, wanted: [from.etcd, to.etcd] })),
  ].filter(({ version }) => version !== undefined);
  const others = runs.filter(({ version, wanted: either }) => !either.some((each) => each === version));
  return {
    asked: runs.length,
    failures: others.map(({ from, what, version, wanted: is }) => ({
      from,
      what,
      why: `${version} in place of ${[...new Set(is)].join(' or ')}`,
    })),
  };
}

const MIB = 1024 * 1024;
const mib = (bytes: number): string => `${Math.floor(bytes / MIB)} MiB`;

function scarce({ memAvailableBytes, memTotalBytes, mounts }: NodeFacts): { says: string }[] {
  const once = new Map(Object.values(mounts).map((mount) => [mount.path, mount]));
  return [
    ...(memAvailableBytes < SCARCE * memTotalBytes
      ? [{ says: `${mib(memAvailableBytes)} of ${mib(memTotalBytes)} of memory are available` }]
      : []),
    ...[...once.values()].flatMap(({ path, readOnly, availableBytes, sizeBytes, inodesFree, inodes }) => [
      ...(!readOnly && availableBytes < SCARCE * sizeBytes
        ? [{ says: `${path} has ${mib(availableBytes)} of ${mib(sizeBytes)} free` }]
        : []),
      ...(!readOnly && inodesFree < SCARCE * inodes
        ? [{ says: `${path} has ${inodesFree} of ${inodes} inodes free` }]
        : []),
    ]),
  ];
}

function pressures({ status }: KubeNode): { says: string }[] {
  const held = status?.conditions?.filter(({ type, status: is }) => PRESSURE.includes(type) && is === 'True') ?? [];
  return held.map(({ type, message = '' }) => ({ says: `its kubelet reports ${type} ${message}`.trim() }));
}
