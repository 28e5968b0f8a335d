import { EVENT_SCHEMA, type EventSink, type RunEventBody } from './events.js';

export interface EventBus {
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
  return {
    elapsedMs,
    emit(body) {
      const ms = Math.round(elapsedMs() * 10) / 10;
      const event = { v: EVENT_SCHEMA, ms, time: wallClock().toISOString(), ...body } as const;
      for (const sink of sinks) sink(event);
    },
  };
}
