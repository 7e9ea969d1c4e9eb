import type { EventEmitter } from "node:events";

/** Waits for the first of some events; afterwards nobody listens to any of them. */
export function nextEvent(emitter: EventEmitter, events: readonly string[]): Promise<void> {
  return new Promise((resolve) => {
    const onEvent = (): void => {
      for (const event of events) emitter.off(event, onEvent);
      resolve();
    };
    for (const event of events) emitter.on(event, onEvent);
  });
}
