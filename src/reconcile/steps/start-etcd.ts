import type { EtcdBootstrap } from '../../components/context.js';
import { bootstrapFile } from '../../components/etcd.js';
import { CONFIG_SEGMENT, configSegment } from '../../delivery/build-segments.js';
import { PATHS } from '../../node/paths.js';
import { scriptText } from '../../node/script-text.js';
import { contentHash } from '../../plan/diff.js';
import type { StepPlace, StepResult } from '../../runner/sequence.js';
import { bashScript } from '../../ssh/bash-script.js';
import { change } from '../change.js';
import { judgementOf, type Reconciliation, sessionOf, workOf } from '../reconciliation.js';
import { sendSegments } from './send-files.js';
import { restartComponent, startComponents } from './start-units.js';

const CLAIM = scriptText('claim-etcd-data.bash');

const startUnit = startComponents('etcd');

/** Starts this node's member as the verdict says. */
export async function startEtcd(context: Reconciliation, place: StepPlace): Promise<StepResult> {
  const { verdict } = judgementOf(context);
  const wipe = 'wipe' in verdict && verdict.wipe.includes(place.node);
  if (verdict.code === 'bootstrap' || verdict.code === 'resume-bootstrap') {
    await workOf(context, place.node).arrivals.of(CONFIG_SEGMENT);
    await claimDataDirectory(context, place, wipe);
  }
  if (verdict.code === 'rejoin' && verdict.blank.includes(place.node)) {
    const { arrivals } = workOf(context, place.node);
    await arrivals.of(CONFIG_SEGMENT);
    await arrivals.of('etcd');
    const member = {
      prepare: async (bootstrap: EtcdBootstrap): Promise<void> => {
        await claimDataDirectory(context, place, wipe);
        await writeBootstrapFile(context, place, bootstrap);
      },
      start: async () => void (await startUnit(context, place)),
      restart: () => restartComponent(context, place, 'etcd', 'in sync, and yet it does not serve'),
    };
    await context.rejoin.rejoin(place.node, member, place.signal);
    return 'changed';
  }
  return startUnit(context, place);
}

/** The owner's name lies beside the data before the data is there: unknown data is never ours by accident. */
async function claimDataDirectory(context: Reconciliation, place: StepPlace, wipe: boolean): Promise<void> {
  const { clusterId, etcd } = judgementOf(context).record;
  const args = [PATHS.etcdData, clusterId, String(etcd.incarnation), ...(wipe ? ['wipe'] : [])];
  const what = wipe ? 'wipe etcd data of an older incarnation' : 'claim the etcd data directory';
  await change(context, place, what, () =>
    sessionOf(context, place.node).runAsRoot(bashScript(CLAIM, ...args), { label: 'prepare etcd data directory' }),
  );
}

/** What a joining member must be told is known only once it was added, after its files were sent. */
async function writeBootstrapFile(context: Reconciliation, place: StepPlace, bootstrap: EtcdBootstrap): Promise<void> {
  const { encoding } = workOf(context, place.node);
  const file = bootstrapFile(bootstrap);
  const planned = { component: 'etcd' as const, file, sha256: contentHash(file), why: 'missing' as const };
  const segment = await configSegment({ encoding, content: context.options.content, rendered: [planned] });
  await change(context, place, `write ${file.path}`, () =>
    sendSegments(context, place, { segments: [segment], remove: [] }),
  );
}
