import type { ArtifactProgress } from '../artifacts/progress.js';
import type { ReconcileResult } from '../reconcile/reconcile.js';
import type { EventSink } from '../runner/events.js';
import type { RunInputs } from './inputs.js';
import type { RunFlags } from './options.js';

export interface View {
  sink: EventSink;
  onArtifact: (progress: ArtifactProgress) => void;
  end: (finished: { result: ReconcileResult; inputs: RunInputs }) => void;
}

export function openView(_options: { flags: RunFlags; command: 'up' | 'plan' }): View {
  return {
    sink: (event) => {
      if (event.type !== 'progress') process.stdout.write(`${JSON.stringify(event)}\n`);
    },
    onArtifact: () => {},
    end: ({ result }) => {
      process.stdout.write(`${JSON.stringify({ exit: result.exit, nodes: result.nodes, errors: result.errors, plan: result.plan }, null, 1)}\n`);
    },
  };
}
