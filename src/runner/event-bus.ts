import { toDisklessError } from '../errors.js';
import { EVENT_SCHEMA, type EventSink, type RunEventBody } from './events.js';

export interface EventBus {
  /** Never throws: a sink that does is told nothing more, and the others are told that once. */
  emit(body: RunEventBody): void;
  /** Monotonic milliseconds since the bus was made. */
  elapsedMs(): number;
}

export interface EventBusOptions {
  sinks: readonly EventSink[];
  /** Monotonic milliseconds, e.g. performance.now. */
  monotonicMs: () => number;
  wallClock: () => Date;
}

export function createEventBus({ sinks, monotonicMs, wallClock }: EventBusOptions): EventBus {
  const started = monotonicMs();
  const elapsedMs = (): number => monotonicMs() - started;
  const listening = new Set(sinks);
  const emit = (body: RunEventBody): void => {
    const ms = Math.round(elapsedMs() * 10) / 10;
    const event = { v: EVENT_SCHEMA, ms, time: wallClock().toISOString(), ...body } as const;
    const failures: unknown[] = [];
    for (const sink of listening) {
      try {
        sink(event);
      } catch (failure) {
        listening.delete(sink);
        failures.push(failure);
      }
    }
    for (const failure of failures) emit(lossNote(failure));
  };
  return { elapsedMs, emit };
}

function lossNote(failure: unknown): RunEventBody {
  const { code, message, hint } = toDisklessError(failure);
  return { type: 'note', level: 'warning', code, message, ...(hint !== undefined && { hint }) };
}
