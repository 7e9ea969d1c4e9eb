/**
 * Signals that a daemon heeds come also while its program is loaded. Node would end the process, or open a debugger's port to
 * everybody on this machine, at SIGUSR1; so they are held from the first line on, and heeded later.
 */
const signals = ["SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP", "SIGUSR1", "SIGUSR2"] as const;

type Held = (typeof signals)[number];

const held: Held[] = [];
const hold = (signal: NodeJS.Signals): void => void held.push(signal as Held);

export function holdSignals(): void {
  for (const signal of signals) process.on(signal, hold);
}

/** They are for others now. Those that have come, in their order. */
export function releaseSignals(): readonly Held[] {
  for (const signal of signals) process.off(signal, hold);
  return held.splice(0);
}
