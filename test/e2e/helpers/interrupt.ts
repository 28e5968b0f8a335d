import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { RunEvent } from '../../../src/runner/events.js';
import { PROGRAM } from '../../helpers/program.js';
import type { Finished, Operator } from './cli.js';

export interface Interruption {
  /** The first event that matches is the moment. */
  at: (event: RunEvent) => boolean;
  /** What is done then; by default the operator dies by SIGKILL. */
  act?: (kill: (signal: NodeJS.Signals) => void, until: Until) => Promise<void> | void;
}

/** Resolves at the first event that matches, at once when there was one. */
type Until = (matches: (event: RunEvent) => boolean) => Promise<void>;

/** Runs k8s-diskless until a moment of its event stream, and does something to it or to the world then. */
export function runUntil(
  operator: Operator,
  args: readonly string[],
  { at, act = (kill) => kill('SIGKILL') }: Interruption,
): Promise<Finished & { reached: boolean; signal: NodeJS.Signals | null; events: RunEvent[] }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [PROGRAM, ...args, '--output', 'json'], { env: operator.env });
    const events: RunEvent[] = [];
    const watching = new Set<() => void>();
    const until: Until = (matches) =>
      new Promise((found) => {
        const look = (): void => {
          if (events.some(matches)) found();
        };
        watching.add(look);
        look();
      });
    let reached = false;
    let acted: Promise<void> = Promise.resolve();
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk;
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      const event = JSON.parse(line) as RunEvent;
      events.push(event);
      for (const look of watching) look();
      if (reached || !at(event)) return;
      reached = true;
      acted = Promise.resolve(act((signal) => child.kill(signal), until));
    });
    child.on('error', reject);
    child.on('close', (exit, signal) => {
      const stdout = events.map((event) => JSON.stringify(event)).join('\n');
      acted.then(() => resolve({ exit, signal, stdout, stderr, events, reached }), reject);
    });
  });
}

/** Runs it until the first of its lines for a person that matches, and ends it by SIGKILL then. @throws where none does */
export async function killedAt(operator: Operator, line: RegExp, args: readonly string[]): Promise<void> {
  const stdio = ['ignore', 'ignore', 'pipe'] as const;
  const child = spawn(process.execPath, [PROGRAM, ...args], { env: operator.env, stdio: [...stdio] });
  const ended = once(child, 'close');
  let text = '';
  for await (const chunk of child.stderr?.setEncoding('utf8') ?? []) {
    text += chunk;
    if (line.test(text)) child.kill('SIGKILL');
  }
  const [, signal] = await ended;
  if (signal !== 'SIGKILL') throw new Error(`no line matched ${line}:\n${text}`);
}

/** A moment in the words of the event stream. */
export const started =
  (step: string, node?: string) =>
  (event: RunEvent): boolean =>
    event.type === 'step-started' && event.step === step && (node === undefined || event.node === node);
export const finished =
  (step: string, node?: string) =>
  (event: RunEvent): boolean =>
    event.type === 'step-finished' && event.step === step && (node === undefined || event.node === node);
export const changing =
  (what: RegExp) =>
  (event: RunEvent): boolean =>
    event.type === 'change' && what.test(event.what);
export const noted =
  (code: string) =>
  (event: RunEvent): boolean =>
    event.type === 'note' && event.code === code;
/** A node's stream is so far through, 0 to 1. */
export const sent =
  (node: string, share: number) =>
  (event: RunEvent): boolean =>
    event.type === 'progress' && event.node === node && event.done >= share * event.total;
