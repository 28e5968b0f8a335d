import { toDisklessError } from '../errors.js';
import type { EventSink, RunEventBody } from './events.js';
import { createStamp, type StampOptions } from './stamp.js';

export interface EventBus {
  /** Never throws: a sink that does is told nothing more, and the others are told that once. */
  emit(body: RunEventBody): void;
  /** Monotonic milliseconds since the bus was made. */
  elapsedMs(): number;
}

export interface EventBusOptions extends StampOptions {
  sinks: readonly EventSink[];
}

export function createEventBus({ sinks, ...clocks }: EventBusOptions): EventBus {
  const stamp = createStamp(clocks);
  const listening = new Set(sinks);
  const emit = (body: RunEventBody): void => {
    const event = stamp(body);
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
  return { elapsedMs: stamp.elapsedMs, emit };
}

function lossNote(failure: unknown): RunEventBody {
  const { code, message, hint } = toDisklessError(failure);
  return { type: 'note', level: 'warning', code, message, ...(hint !== undefined && { hint }) };
}
