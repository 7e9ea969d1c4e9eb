/** Lets the event loop go round once: what was put off until then has been done afterwards. */
export const turnOfLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
