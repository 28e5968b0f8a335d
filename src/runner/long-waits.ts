import { AsyncLocalStorage } from 'node:async_hooks';
import type { EventBus } from './event-bus.js';

/** Said early enough to be read 15 s after a step began, then at 30 s, 60 s and so on: sparingly. */
const FIRST_MS = 14_000;
const SECOND_MS = 30_000;
const TICK_MS = 1_000;

type Reason = string | (() => string);

interface Wait {
  step: string;
  node: string;
  sinceMs: number;
  dueMs: number;
  /** Topic → what was seen last, or how to see it. */
  reasons: Map<string, Reason>;
}

/**
 * Waits happen deep below the steps, in functions that know nothing of steps; what they see has to find its way to
 * whoever watches the step.
 */
const current = new AsyncLocalStorage<Wait>();

/**
 * What the step that runs waits for and why, as far as it was seen just now: told to a person if it takes long.
 *
 * @param topic Something else that is seen at the same time does not replace it
 */
export function waitsFor(reason: Reason, topic = ''): void {
  tellingWhy(topic)(reason);
}

/** The same for a callback that something else calls, on behalf of the step that runs now. */
export function tellingWhy(topic = ''): (reason: Reason) => void {
  const wait = current.getStore();
  return (reason) => void wait?.reasons.set(topic, reason);
}

/** Says of every step that runs for long what it waits for. */
export interface LongWaits {
  during<T>(place: { step: string; node: string }, work: () => Promise<T>): Promise<T>;
}

export function createLongWaits({ emit, elapsedMs }: EventBus): LongWaits {
  const waits = new Set<Wait>();
  let timer: NodeJS.Timeout | undefined;
  const tick = (): void => {
    const nowMs = elapsedMs();
    const due = [...waits].filter(({ sinceMs, dueMs }) => nowMs - sinceMs >= dueMs);
    for (const wait of due) wait.dueMs = Math.max(SECOND_MS, 2 * wait.dueMs);
    for (const group of grouped(due)) emit({ type: 'waiting', ...group });
  };
  return {
    async during({ step, node }, work) {
      const wait: Wait = { step, node, sinceMs: elapsedMs(), dueMs: FIRST_MS, reasons: new Map() };
      waits.add(wait);
      timer ??= setInterval(tick, TICK_MS);
      try {
        return await current.run(wait, work);
      } finally {
        waits.delete(wait);
        if (waits.size === 0) {
          clearInterval(timer);
          timer = undefined;
        }
      }
    },
  };
}

interface Group {
  step: string;
  nodes: string[];
  sinceMs: number;
  reason?: string;
}

/** Nodes that wait for the same in the same step are told of once. */
function grouped(waits: readonly Wait[]): Group[] {
  const groups = new Map<string, Group>();
  for (const { step, node, sinceMs, reasons } of waits) {
    const reason = [...reasons.values()].map(oneLine).filter(Boolean).join('; ');
    const key = `${step} ${reason}`;
    const group = groups.get(key) ?? { step, nodes: [], sinceMs, ...(reason !== '' && { reason }) };
    if (node !== '') group.nodes.push(node);
    group.sinceMs = Math.min(group.sinceMs, sinceMs);
    groups.set(key, group);
  }
  return [...groups.values()];
}

function oneLine(reason: Reason): string {
  const text = typeof reason === 'string' ? reason : reason();
  return text.trim().replace(/\s*\n\s*/g, '; ');
}
