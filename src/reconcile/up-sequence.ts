import { any, type Need, type Step, same, settled, stepsOn } from '../runner/sequence.js';
import type { Pass } from './context.js';
import type { CheckedHosts } from './hosts.js';
import { applyAddons } from './steps/apply-addons.js';
import { applyPeople } from './steps/apply-people.js';
import { preflightAll } from './steps/check-hosts.js';
import { componentsHealthy } from './steps/components-healthy.js';
import { judgeHosts } from './steps/judge.js';
import { keepSnapshot } from './steps/keep-snapshot.js';
import { keepOwnStray, keepStrays } from './steps/keep-strays.js';
import { markEtcd } from './steps/mark-etcd.js';
import { nameEndedPods } from './steps/name-ended-pods.js';
import { nameServedInside } from './steps/name-served-inside.js';
import { startApiserver } from './steps/open-etcd-data.js';
import { takeWork } from './steps/preflight.js';
import { proveNetwork } from './steps/prove-network.js';
import { awaitReadings, connectNode, readFacts } from './steps/read-facts.js';
import { proveQuorum, recordIntent } from './steps/record.js';
import { isRegistered, registerNodes } from './steps/register-nodes.js';
import { retirePast } from './steps/retire-past.js';
import { arrivalOf, importImages, sendFiles, sendNothing } from './steps/send-files.js';
import { setClock } from './steps/set-clock.js';
import { spreadDns } from './steps/spread-dns.js';
import { startEtcd } from './steps/start-etcd.js';
import { startComponents } from './steps/start-units.js';
import { isInSameBoot, verifyPromises, waitApiReady } from './steps/verify.js';
import { waitForPods, waitReady } from './steps/wait-ready.js';
import { wakeMembers } from './steps/wake.js';
import { unlessCutOff } from './unless-cut-off.js';

/*
 * From blank nodes to a verified cluster: a step runs as soon as what it needs is there, and is handed what that gave,
 * under these names. What a step finds out it gives; nothing else comes from one step to another.
 */

const cluster = stepsOn<Pass, 'cluster'>('cluster');
const everyNode = stepsOn<Pass, 'every-node'>('every-node');
const controlPlane = stepsOn<Pass, 'control-plane'>('control-plane');
const worker = stepsOn<Pass, 'worker'>('worker');

const connect = everyNode('connect', 'connect', {}, connectNode);
const facts = everyNode('facts', 'read facts', { connected: same(connect) }, readFacts);

/** Begins at once, and ends when enough is known: a node that does not answer is not waited for like others. */
export const awaitFacts = cluster('await-facts', 'hosts answer', {}, awaitReadings);
export const checkHosts = cluster('check-hosts', 'check hosts', { read: same(awaitFacts) }, preflightAll);
const wake = cluster('wake', 'start stopped members', { hosts: same(checkHosts) }, wakeMembers);

const judgeAfter = (hosts: Need<'same', 'cluster', CheckedHosts>) => cluster('judge', 'plan', { hosts }, judgeHosts);
export const judge = judgeAfter(same(wake));
const preflight = everyNode(
  'preflight',
  'preflight',
  { facts: same(facts), hosts: same(checkHosts), judgement: same(judge) },
  takeWork,
);

/** Nothing goes, and nothing is recorded for which it would, before it is kept. */
const strays = cluster('strays', 'copy data that goes', { judgement: same(judge) }, keepStrays);

/** What is decided for the cluster, and what is to be done on this node. */
const planned = { judgement: same(strays), work: same(preflight) };

const record = cluster('record', 'record intent', { judgement: same(strays) }, recordIntent);
const clock = everyNode('clock', 'set the clock', { ...planned, recorded: same(record) }, setClock);
const send = controlPlane('send', 'send files', { ...planned, clock: same(clock) }, sendFiles, sendNothing);

/** The operator's uplink belongs to what everybody waits for; a worker waits for the API anyway. */
const firstFiles = controlPlane(
  'first-files',
  'first files on a control plane',
  { ...planned, clock: same(clock) },
  arrivalOf('config', 'etcd', 'kube-apiserver'),
);
const sendWorker = worker(
  'send-worker',
  'send files to workers',
  { ...planned, clock: same(clock), firstFiles: any(firstFiles) },
  sendFiles,
  sendNothing,
);
const stray = controlPlane('stray', 'copy data of an older life', { ...planned, clock: same(clock) }, keepOwnStray);
const retire = everyNode(
  'retire',
  'remove the old incarnation',
  { ...planned, clock: same(clock), kept: same(stray) },
  retirePast,
);
const node = everyNode(
  'node',
  'node settings and network',
  { ...planned, retired: same(retire) },
  startComponents('node', 'api-proxy'),
);
const containerd = everyNode(
  'containerd',
  'containerd',
  { ...planned, node: same(node) },
  startComponents('containerd'),
);

const etcd = controlPlane('etcd', 'etcd', { ...planned, node: same(node) }, unlessCutOff(startEtcd));
const quorum = cluster('quorum', 'etcd quorum', { judgement: same(strays), etcd: any(etcd) }, proveQuorum);
const apiserver = controlPlane(
  'apiserver',
  'kube-apiserver',
  { ...planned, etcd: same(etcd), quorum: same(quorum) },
  unlessCutOff(startApiserver),
);
const apiReady = controlPlane('api-ready', 'API ready', { apiserver: same(apiserver) }, unlessCutOff(waitApiReady));
const register = cluster(
  'register',
  'register nodes',
  { judgement: same(judge), apiserver: any(apiserver) },
  registerNodes,
);
const nodeObject = everyNode(
  'node-object',
  'node object',
  { work: same(preflight), unregistered: same(register) },
  isRegistered,
);
const controllers = controlPlane(
  'controllers',
  'controller-manager, scheduler',
  { ...planned, apiserver: same(apiserver) },
  startComponents('kube-controller-manager', 'kube-scheduler'),
);

const endedPods = everyNode(
  'ended-pods',
  'pods of the past',
  { past: same(retire), unregistered: same(register) },
  nameEndedPods,
);

const served = cluster(
  'served-inside',
  'webhooks of the past',
  { judgement: same(judge), unregistered: same(register) },
  nameServedInside,
);

/** A kubelet that finds no API backs off for seconds, and takes a processor from what it waits for. */
const kubelet = everyNode(
  'kubelet',
  'kubelet',
  { ...planned, containerd: same(containerd), nodeObject: same(nodeObject) },
  unlessCutOff(startComponents('kubelet')),
);
const proxy = everyNode(
  'proxy',
  'kube-proxy',
  { ...planned, node: same(node), nodeObject: same(nodeObject) },
  startComponents('kube-proxy'),
);
const healthy = everyNode(
  'healthy',
  'components healthy',
  { ...planned, controllers: same(controllers), kubelet: same(kubelet), proxy: same(proxy) },
  unlessCutOff(componentsHealthy),
);
const images = everyNode('images', 'import images', { ...planned, containerd: same(containerd) }, importImages);
export const ready = everyNode('ready', 'nodes Ready', { ...planned, kubelet: same(kubelet) }, unlessCutOff(waitReady));

/** Whoever works on the cluster next finds pods on every node. */
const pods = everyNode(
  'pods',
  'nodes take pods',
  { ready: same(ready), healthy: settled(healthy) },
  unlessCutOff(waitForPods),
);
export const addons = cluster(
  'addons',
  'add-ons',
  { registered: same(register), apiReady: settled(apiReady) },
  applyAddons,
);
/** Rights and limits of people: once for each life of the cluster, and again after a change. */
const people = cluster(
  'users',
  'users',
  { judgement: same(strays), registered: same(register), apiReady: settled(apiReady) },
  applyPeople,
);
export const dns = cluster(
  'dns',
  'name servers apart',
  {
    judgement: same(judge),
    addons: same(addons),
    healthy: settled(healthy),
    pods: settled(pods),
    images: settled(images),
  },
  spreadDns,
);
const prove = everyNode(
  'prove',
  'traffic comes through',
  { ...planned, isReady: same(ready), ready: settled(ready), pods: settled(pods), dns: settled(dns) },
  unlessCutOff(proveNetwork),
);

/** Its own last step may have been long ago when the slowest node is done. */
const sameBoot = everyNode(
  'same-boot',
  'no reboot meanwhile',
  { isReady: same(ready), ready: settled(ready), pods: settled(pods), images: settled(images), prove: settled(prove) },
  isInSameBoot,
);
const verify = cluster(
  'verify',
  'verify',
  {
    judgement: same(judge),
    registered: same(register),
    healthy: settled(healthy),
    traffic: settled(prove),
    sameBoot: settled(sameBoot),
  },
  verifyPromises,
);

const mark = cluster(
  'mark',
  'note who acts',
  { judgement: same(strays), quorum: same(quorum), verified: settled(verify) },
  markEtcd,
);

/** Last: it keeps what all the others made. */
const keep = cluster(
  'keep',
  'keep a snapshot',
  { judgement: same(strays), quorum: same(quorum), marked: settled(mark), people: settled(people) },
  keepSnapshot,
);

const look = [connect, facts, awaitFacts, checkHosts];

/** Reads the machines and decides; changes nothing anywhere. `plan` ends here. */
export const planSequence: readonly Step<Pass>[] = [...look, judgeAfter(same(checkHosts)), preflight];

// biome-ignore format: one line for what belongs together
export const upSequence: readonly Step<Pass>[] = [
  ...look, wake, judge, preflight, strays, record, clock,
  send, firstFiles, sendWorker, stray, retire, node, containerd,
  etcd, quorum, apiserver, apiReady, register, nodeObject, endedPods, served, controllers,
  kubelet, proxy, healthy, images, ready, pods,
  addons, people, dns, prove, sameBoot, verify, mark, keep,
];
