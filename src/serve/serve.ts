import { watch } from 'node:fs';
import { basename } from 'node:path';
import { onAbort } from '../abort.js';
import { sshOfRequest } from '../app/ssh-of-request.js';
import { openRecordedCluster, recordedCluster } from '../cluster/recorded-cluster.js';
import { DisklessError, toDisklessError } from '../errors.js';
import { isRetiredError } from '../state/retired.js';
import type { StateDir } from '../state/state-dir.js';
import { type Bell, createBell } from './bell.js';
import { openControlSocket } from './control-socket.js';
import { followLog } from './follow-log.js';
import { keep, secureWhatIsKept, takeSnapshots } from './keep-snapshots.js';
import { lookAhead, lookAround } from './look-around.js';
import { createDaemonMemory, type DaemonMemory } from './run-memory.js';
import { runsWhenDue } from './runs-when-due.js';
import { watchMachine } from './watch-machine.js';
import { inWords, type ServeOptions, type Work } from './work.js';

const AGAIN_MS = 10_000;
/** A machine that lost power and is back again shows it at the next sign of life that it is asked for. */
const KEEPALIVE = { intervalMs: 1_000, countMax: 5 };

/**
 * `serve`: sees machines come and go, brings back those that came back blank by the same use case as `up`, and keeps
 * snapshots. Holds the state's lock only while it acts; whoever calls it holds that of the daemon. Ends with either of its
 * signals.
 *
 * @throws usage error where no cluster is recorded; refusals `state-retired` once the state was handed over,
 *   `operator-superseded` once another copy of it is known to act
 */
export async function serve(options: ServeOptions): Promise<void> {
  const { leave, signal, observer, clock } = options;
  const memory = createDaemonMemory(clock.monotonicMs);
  for (let isFirst = true; !leave.aborted && !signal.aborted; isFirst = false) {
    try {
      await untilRecordChanges(options, memory);
    } catch (thrown) {
      if (signal.aborted) return;
      // Another machine acts with it from now on.
      if (isFirst || isRetiredError(thrown)) throw thrown;
      observer.tell(`its state could not be read, and is tried again: ${inWords(toDisklessError(thrown))}`);
      await clock.sleep(AGAIN_MS, signal).catch(() => undefined);
    }
  }
}

/** Its nodes, and how they are reached, as long as that is as recorded. */
async function untilRecordChanges(options: ServeOptions, memory: DaemonMemory): Promise<void> {
  const { request, state, observer, signal } = options;
  const recorded = await recordedCluster(state);
  const life = new AbortController();
  const either = AbortSignal.any([signal, life.signal]);
  const bell = createBell(options.clock.monotonicMs);
  const onRecord = createBell(options.clock.monotonicMs);
  const files = watchFiles(state, [bell, onRecord]);
  const release = onAbort(options.leave, () => bell.ring());
  const ssh = sshOfRequest(request);
  const tell = observer.tell;
  const { identity } = options.unattended;
  const how = { ssh, identity, tell, keepalive: KEEPALIVE, signal: either };
  const { spec, cluster } = await openRecordedCluster(recorded, how);
  const look = createBell(options.clock.monotonicMs);
  const kept = createBell(options.clock.monotonicMs);
  const log = followLog({
    state,
    cluster,
    bell: onRecord,
    takeSnapshot: (reason) => keep(work, `log: ${reason}`),
    onStatus: observer.logged,
    tell,
    clock: options.clock,
    signal: either,
  });
  const work: Work = { ...options, signal: either, recorded, spec, cluster, memory, bell, look, kept, log };
  const { nodes } = recorded.record.spec;
  const background = [
    ...nodes.map(({ name }) => upheld(work, `watching ${name}`, () => followMachine(work, name))),
    upheld(work, 'taking snapshots', () => takeSnapshots(work)),
    upheld(work, 'looking after what is kept', () => secureWhatIsKept(work)),
    upheld(work, 'looking ahead', () => lookAhead(work)),
    upheld(work, 'looking around', () => lookAround(work)),
    upheld(work, 'keeping the change log', log.run),
  ];
  const control = await openControlSocket({
    path: state.serveSocket,
    log: log.status,
    flush: () => log.flush(either),
    onFailure: ({ message }) => tell(`commands beside it cannot ask it: ${message}`),
  });
  observer.ready();
  try {
    await runsWhenDue(work);
  } finally {
    life.abort(new DisklessError({ code: 'interrupted', message: 'the daemon looks at its state anew' }));
    files.close();
    release();
    await control.close();
    await Promise.allSettled(background);
    await cluster.close();
  }
}

/** What ends one part of it must not end the others, nor a run that is under way: it is told, and begun again. */
async function upheld({ observer, clock, signal }: Work, what: string, part: () => Promise<unknown>): Promise<void> {
  while (!signal.aborted) {
    try {
      await part();
    } catch (thrown) {
      if (signal.aborted) return;
      observer.tell(`${what} failed, and is tried again: ${inWords(toDisklessError(thrown))}`);
      await clock.sleep(AGAIN_MS, signal).catch(() => undefined);
    }
  }
}

/** Whoever writes to the state wakes those who look at it. */
function watchFiles({ root, nodes, clusterFile, retired }: StateDir, bells: readonly Bell[]): { close(): void } {
  const ring = (): void => {
    for (const bell of bells) bell.ring();
  };
  // A lock that is asked for is written there too, also by ourselves.
  const wakes = [clusterFile, retired].map((path) => basename(path));
  const isRecord = (name: string | null): boolean => name !== null && wakes.includes(name);
  const watchers = [
    watch(root, (_, name) => {
      if (isRecord(name)) ring();
    }),
    watch(nodes, ring),
  ];
  // What cannot be watched is looked at every so often all the same.
  for (const watcher of watchers) watcher.on('error', () => {});
  return {
    close() {
      for (const watcher of watchers) watcher.close();
    },
  };
}

async function followMachine(work: Work, name: string): Promise<void> {
  const { cluster, memory, bell, look, observer, clock, signal } = work;
  await watchMachine({
    connect: () => cluster.session(name).connection(),
    sleep: clock.sleep,
    monotonicMs: clock.monotonicMs,
    onSight(sight) {
      memory.saw(name, sight);
      observer.saw(name, sight);
      bell.ring();
      look.ring();
    },
    signal,
  });
}
