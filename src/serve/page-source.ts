import type { ListedBackup } from '../backup/restorable.js';
import type { ClusterStatus, LogStatus } from '../cluster/cluster-status.js';
import { statusDocument } from '../cluster/status-document.js';
import type { DisklessError } from '../errors.js';
import { withLoss, withRunEvent, withSighting } from '../page/epoch-line.js';
import type { NodeEpochs, PageEvent, PageSource, PageState } from '../page/page-state.js';
import { createRunRecorder } from '../page/run-recorder.js';
import type { RunEvent } from '../runner/events.js';
import { type Sight, sightText } from './watch-machine.js';

/** What the daemon finds out, as its page shows it. */
export interface ServePage extends PageSource {
  say(event: Pick<PageEvent, 'level' | 'text'> & { node?: string }): void;
  saw(node: string, sight: Sight): void;
  waits(reason: string | undefined): void;
  lacks(problems: readonly DisklessError[]): void;
  looked(status: ClusterStatus, backups: readonly ListedBackup[]): void;
  logged(status: LogStatus | undefined): void;
  ran(event: RunEvent): void;
}

export function createServePage(wallClock: () => Date): ServePage {
  const recorder = createRunRecorder();
  const listeners = new Set<() => void>();
  let epochs: NodeEpochs[] = [];
  let looked: Pick<PageState, 'status' | 'snapshots'> = { snapshots: [] };
  let waitsFor: string | undefined;
  let log: LogStatus | undefined;
  let lacking: { message: string; hint?: string }[] = [];
  const now = (): string => wallClock().toISOString();
  const changed = (): void => {
    for (const listener of [...listeners]) listener();
  };
  const say: ServePage['say'] = ({ level, text, node }) => {
    recorder.say({ time: now(), level, text, ...(node !== undefined && { node }) });
    changed();
  };
  return {
    current: () => ({
      ...looked,
      epochs,
      ...recorder.recorded(),
      ...(log && { log }),
      ...(waitsFor !== undefined && { waitsFor }),
    }),
    changed(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    say,
    saw(node, sight) {
      const { kind } = sight;
      epochs =
        kind === 'up'
          ? withSighting(epochs, { node, bootId: sight.bootId, at: now() })
          : withLoss(epochs, { node, at: now() });
      say({ level: kind === 'up' ? 'info' : 'warning', node, text: sightText(sight) });
    },
    waits(reason) {
      waitsFor = reason;
      changed();
    },
    lacks(problems) {
      lacking = problems.map(({ message, hint }) => ({ message, ...(hint !== undefined && { hint }) }));
      changed();
    },
    looked(status, backups) {
      const document = statusDocument(status, wallClock());
      // Red until they are looked for again, and gone.
      const problems = [...document.problems, ...lacking];
      const taken = { takenAt: now(), document: { ...document, problems } };
      const snapshots = backups.map(({ id, takenAt, objects, problems: own }) => ({
        id,
        takenAt,
        objects,
        problems: own,
      }));
      looked = { status: taken, snapshots };
      changed();
    },
    logged(status) {
      log = status;
      changed();
    },
    ran(event) {
      recorder.record(event);
      epochs = withRunEvent(epochs, event);
      changed();
    },
  };
}
