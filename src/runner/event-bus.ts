import type { EventSink, RunEventBody } from './events.js';
import { createStamp, type StampOptions } from './stamp.js';

export interface EventBus {
  emit(body: RunEventBody): void;
  /** Monotonic milliseconds since the bus was made. */
  elapsedMs(): number;
}

export interface EventBusOptions extends StampOptions {
  sinks: readonly EventSink[];
}

export function createEventBus({ sinks, ...clocks }: EventBusOptions): EventBus {
  const stamp = createStamp(clocks);
  return {
    elapsedMs: stamp.elapsedMs,
    emit(body) {
      const event = stamp(body);
      for (const sink of sinks) sink(event);
    },
  };
}
