import { any, type Step, same, settled } from '../runner/sequence.js';
import type { Reconciliation } from './reconciliation.js';
import { applyAddons } from './steps/apply-addons.js';
import { componentsHealthy } from './steps/components-healthy.js';
import { admit, judge } from './steps/judge.js';
import { startApiserver } from './steps/open-etcd-data.js';
import { proveNetwork } from './steps/prove-network.js';
import { callRoll, connect, readFacts } from './steps/read-facts.js';
import { proveQuorum, recordIntent } from './steps/record.js';
import { isRegistered, registerNodes } from './steps/register-nodes.js';
import { retirePast } from './steps/retire-past.js';
import { arrivalOf, importImages, sendFiles, sendNothing } from './steps/send-files.js';
import { setClock } from './steps/set-clock.js';
import { spreadDns } from './steps/spread-dns.js';
import { startEtcd } from './steps/start-etcd.js';
import { startComponents } from './steps/start-units.js';
import { isInSameBoot, verify, waitApiReady } from './steps/verify.js';
import { waitForPods, waitReady } from './steps/wait-ready.js';
import { wake } from './steps/wake.js';
import { unlessCutOff } from './unless-cut-off.js';

type UpStep = Step<Reconciliation>;

const lookSteps: readonly UpStep[] = [
  { id: 'connect', title: 'connect', on: 'every-node', after: [], run: connect },
  { id: 'facts', title: 'read facts', on: 'every-node', after: [same('connect')], run: readFacts },
  { id: 'roll-call', title: 'hosts answer', on: 'cluster', after: [], run: callRoll },
];
const judgeStep = { id: 'judge', title: 'plan', on: 'cluster', run: judge } as const;
const admitStep: UpStep = {
  id: 'admit',
  title: 'preflight',
  on: 'every-node',
  after: [same('facts'), same('judge')],
  run: admit,
};

/** Reads the machines and decides; changes nothing anywhere. `plan` ends here. */
export const judgeSequence: readonly UpStep[] = [...lookSteps, { ...judgeStep, after: [same('roll-call')] }, admitStep];

/** From blank nodes to a verified cluster: a step runs as soon as what stands in its `after` is there. */
export const upSequence: readonly UpStep[] = [
  ...lookSteps,
  { id: 'wake', title: 'start stopped members', on: 'cluster', after: [same('roll-call')], run: wake },
  { ...judgeStep, after: [same('wake')] },
  admitStep,
  { id: 'record', title: 'record intent', on: 'cluster', after: [same('judge')], run: recordIntent },
  { id: 'clock', title: 'set the clock', on: 'every-node', after: [same('admit'), same('record')], run: setClock },
  {
    id: 'send',
    title: 'send files',
    on: 'control-plane',
    after: [same('clock')],
    run: sendFiles,
    leftOut: sendNothing,
  },
  {
    // The operator's uplink belongs to what everybody waits for; a worker waits for the API anyway.
    id: 'first-files',
    title: 'first files on a control plane',
    on: 'control-plane',
    after: [same('clock')],
    run: arrivalOf('config', 'etcd', 'kube-apiserver'),
  },
  {
    id: 'send-worker',
    title: 'send files to workers',
    on: 'worker',
    after: [same('clock'), any('first-files')],
    run: sendFiles,
    leftOut: sendNothing,
  },
  { id: 'retire', title: 'remove the old incarnation', on: 'every-node', after: [same('clock')], run: retirePast },
  {
    id: 'node',
    title: 'node settings and network',
    on: 'every-node',
    after: [same('retire')],
    run: startComponents('node', 'api-proxy'),
  },
  {
    id: 'containerd',
    title: 'containerd',
    on: 'every-node',
    after: [same('node')],
    run: startComponents('containerd'),
  },
  { id: 'etcd', title: 'etcd', on: 'control-plane', after: [same('node')], run: unlessCutOff(startEtcd) },
  { id: 'quorum', title: 'etcd quorum', on: 'cluster', after: [any('etcd')], run: proveQuorum },
  {
    id: 'apiserver',
    title: 'kube-apiserver',
    on: 'control-plane',
    after: [same('etcd'), same('quorum')],
    run: unlessCutOff(startApiserver),
  },
  {
    id: 'api-ready',
    title: 'API ready',
    on: 'control-plane',
    after: [same('apiserver')],
    run: unlessCutOff(waitApiReady),
  },
  { id: 'register', title: 'register nodes', on: 'cluster', after: [any('apiserver')], run: registerNodes },
  {
    id: 'node-object',
    title: 'node object',
    on: 'every-node',
    after: [same('admit'), same('register')],
    run: isRegistered,
  },
  {
    id: 'controllers',
    title: 'controller-manager, scheduler',
    on: 'control-plane',
    after: [same('apiserver')],
    run: startComponents('kube-controller-manager', 'kube-scheduler'),
  },
  {
    // A kubelet that finds no API backs off for seconds, and takes a processor from what it waits for.
    id: 'kubelet',
    title: 'kubelet',
    on: 'every-node',
    after: [same('containerd'), same('node-object')],
    run: unlessCutOff(startComponents('kubelet')),
  },
  {
    id: 'proxy',
    title: 'kube-proxy',
    on: 'every-node',
    after: [same('node'), same('node-object')],
    run: startComponents('kube-proxy'),
  },
  {
    id: 'healthy',
    title: 'components healthy',
    on: 'every-node',
    after: [same('controllers'), same('kubelet'), same('proxy')],
    run: unlessCutOff(componentsHealthy),
  },
  { id: 'images', title: 'import images', on: 'every-node', after: [same('containerd')], run: importImages },
  { id: 'ready', title: 'nodes Ready', on: 'every-node', after: [same('kubelet')], run: unlessCutOff(waitReady) },
  {
    // Whoever works on the cluster next finds pods on every node.
    id: 'pods',
    title: 'nodes take pods',
    on: 'every-node',
    after: [same('ready'), settled('healthy')],
    run: unlessCutOff(waitForPods),
  },
  {
    id: 'addons',
    title: 'add-ons',
    on: 'cluster',
    after: [same('register'), settled('api-ready')],
    run: applyAddons,
  },
  {
    id: 'dns',
    title: 'name servers apart',
    on: 'cluster',
    after: [same('addons'), settled('pods')],
    run: spreadDns,
  },
  {
    id: 'prove',
    title: 'traffic comes through',
    on: 'every-node',
    after: [same('ready'), settled('pods'), settled('dns')],
    run: unlessCutOff(proveNetwork),
  },
  {
    // Its own last step may have been long ago when the slowest node is done.
    id: 'same-boot',
    title: 'no reboot meanwhile',
    on: 'every-node',
    after: [same('ready'), settled('ready'), settled('pods'), settled('images'), settled('prove')],
    run: isInSameBoot,
  },
  {
    id: 'verify',
    title: 'verify',
    on: 'cluster',
    after: [same('register'), settled('same-boot')],
    run: verify,
  },
];
