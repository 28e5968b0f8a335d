import { statfs } from 'node:fs/promises';
import pLimit from 'p-limit';
import { type ContentPlace, contentOf, openContent, requireContent } from '../app/content.js';
import { controlPlaneArchs } from '../app/list-backups.js';
import type { OnArtifactProgress } from '../artifacts/progress.js';
import { listSnapshots, snapshotStore } from '../backup/snapshot-store.js';
import type { RecordedCluster } from '../cluster/recorded-cluster.js';
import { DisklessError, ownError } from '../errors.js';
import { whyNoKeyAlone } from '../ssh/login-alone.js';
import { readNodeRecords } from '../state/record-files.js';

export interface NightOptions {
  recorded: RecordedCluster;
  place: ContentPlace;
  /** `serve.identity` */
  identity: string | undefined;
  onArtifact: OnArtifactProgress;
  signal: AbortSignal;
}

const MIB = 1024 * 1024;
/** Where there is none yet: more than an etcd has that holds nothing. */
const LEAST_SNAPSHOT_BYTES = 32 * MIB;
/** Each is a process. */
const AT_ONCE = 4;

/**
 * What a night without people needs, as far as it can be tried now: what is missing of a total loss's binaries and images is
 * fetched at once, while somebody may be there.
 *
 * @returns what would fail; empty where nothing would
 */
export async function nightProblems(options: NightOptions): Promise<DisklessError[]> {
  const found = await Promise.all([loginProblem(options), contentProblem(options), diskProblem(options)]);
  options.signal.throwIfAborted();
  return found.flatMap((problem) => problem ?? []);
}

async function loginProblem({ recorded, identity, signal }: NightOptions): Promise<DisklessError | undefined> {
  if (identity !== undefined) return undefined;
  const { nodes, ssh } = recorded.record.spec;
  const limit = pLimit(AT_ONCE);
  const lacking = await Promise.all(
    nodes.map(({ name, ssh: target }) =>
      limit(async () => {
        const asked = { target, defaultUser: ssh?.user, configFile: ssh?.configFile, signal };
        const why = await whyNoKeyAlone(asked);
        return why === undefined ? [] : [{ name, why }];
      }),
    ),
  );
  const [first, ...more] = lacking.flat();
  if (first === undefined) return undefined;
  const others = more.length > 0 ? ` and ${more.length} more` : '';
  return new DisklessError({
    code: 'login-needs-agent',
    message: `without an agent nobody logs in to ${first.name}${others}: ${first.why}`,
    hint: 'serve.identity in the config file names a key of its own, without a passphrase',
  });
}

async function contentProblem(options: NightOptions): Promise<DisklessError | undefined> {
  const { recorded, place, onArtifact, signal } = options;
  const { record, state } = recorded;
  try {
    const inputs = await openContent(place, { progress: onArtifact, signal, recheck: false });
    // In the middle of an upgrade those of both versions.
    const content = await contentOf(inputs, record.spec, record.upgrade);
    await content.images();
    await requireContent({ spec: record.spec, nodeRecords: await readNodeRecords(state), place }, content);
    const { snapshots } = await listSnapshots(snapshotStore(state));
    for (const arch of await controlPlaneArchs(recorded))
      await content.etcdutl(snapshots[0]?.etcd ?? record.spec.etcd, arch);
    return undefined;
  } catch (thrown) {
    signal.throwIfAborted();
    const { message, hint } = ownError(thrown);
    return new DisklessError({
      code: 'content-incomplete',
      message: `not all that a total loss takes is here: ${message}`,
      ...(hint !== undefined && { hint }),
    });
  }
}

/** Room for one while the one before it is still there. */
async function diskProblem({ recorded }: NightOptions): Promise<DisklessError | undefined> {
  const { state } = recorded;
  const [{ bavail, bsize }, { snapshots }] = await Promise.all([
    statfs(state.root),
    listSnapshots(snapshotStore(state)),
  ]);
  const needed = 2 * Math.max(snapshots[0]?.sizeBytes ?? 0, LEAST_SNAPSHOT_BYTES);
  const free = bavail * bsize;
  if (free >= needed) return undefined;
  return new DisklessError({
    code: 'disk-full',
    message: `${state.root} has ${Math.floor(free / MIB)} MiB free, two snapshots take ${Math.ceil(needed / MIB)} MiB`,
    hint: 'make room there, or name another place with --state-dir',
  });
}
