import type { ArtifactProgress } from '../artifacts/progress.js';
import type { DisklessError } from '../errors.js';
import type { ReconcileResult } from '../reconcile/reconcile.js';
import type { EventSink, RunEvent } from '../runner/events.js';
import type { LockOwner } from '../state/lock-owner.js';
import { createView } from '../ui/create-view.js';
import { errorReport } from '../ui/error-report.js';
import { planLines } from '../ui/plan-view.js';
import { styleFor } from '../ui/style.js';
import { type Screen, screenWidth, type View } from '../ui/view.js';
import type { OutputFormat } from './options.js';
import { print, viewOutput } from './output-lost.js';

/** A command's way to the person: events while it runs, artifacts as they are made ready, and its end. */
export interface CommandView {
  sink: EventSink;
  onArtifact: (progress: ArtifactProgress) => void;
  end: (result?: ReconcileResult) => Promise<void>;
}

export interface ViewOptions {
  output: OutputFormat;
  verbose: boolean;
}

export function screenOf(stream: NodeJS.WriteStream): Screen {
  const write = (text: string): void => void stream.write(text);
  return { write, width: screenWidth(stream.columns), style: styleFor(stream, process.env) };
}

export function openUpView({ output, verbose }: ViewOptions): CommandView {
  const view = upView(output, verbose);
  return { sink: view, onArtifact: output === 'json' ? () => {} : artifactLines(), end: () => view.end() };
}

function upView(output: OutputFormat, verbose: boolean): View {
  const { stdout, stderr, env } = process;
  const now = (): number => performance.now();
  const form = output === 'json' ? 'json' : 'text';
  const write = viewOutput('the run goes on');
  return createView({ output: form, board: output !== 'plain', stdout, stderr, write, env, verbose, now });
}

/** `plan` takes a moment: only what it found out is shown. */
export function openPlanView({ output, verbose }: ViewOptions): CommandView {
  if (output === 'json') return openUpView({ output, verbose });
  const { width, style } = screenOf(process.stdout);
  const warnings: Extract<RunEvent, { type: 'note' }>[] = [];
  return {
    sink: (event) => {
      if (event.type === 'note' && event.level === 'warning') warnings.push(event);
    },
    onArtifact: artifactLines(),
    async end(result) {
      const plan = result?.plan;
      const noted = warnings.map(({ node, message }) =>
        style.yellow(`${node === undefined ? '' : `${node}: `}${message}`),
      );
      const planned = plan === undefined ? [] : planLines({ plan, width, style, verbose });
      const failed = errorReport({ errors: result?.errors ?? [], width, style, verbose });
      const sections = [noted, planned, failed].filter((lines) => lines.length > 0);
      await print(`${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`);
    },
  };
}

/** For a person, beside what a program may read from stdout. */
export function tellLine(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Whoever it is may take a while over a large snapshot. */
export function tellOfWriter({ command, pid }: LockOwner): void {
  tellLine(`${command} (pid ${pid}) writes to the snapshots, and is waited for`);
}

/** Names each file the first time it is downloaded, verified or compressed: later runs find all of it ready. */
export function artifactLines(): CommandView['onArtifact'] {
  const seen = new Set<string>();
  return ({ stage, name }) => {
    const line = `${stage} ${name}`;
    if (seen.has(line)) return;
    seen.add(line);
    tellLine(line);
  };
}

export function reportError(error: DisklessError, { verbose }: { verbose: boolean }): string {
  const { width, style } = screenOf(process.stderr);
  return `${errorReport({ errors: [error], width, style, verbose }).join('\n')}\n`;
}
