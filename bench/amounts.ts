/** How much is measured. */
export interface Amounts {
  /** How often each contestant has its turn. */
  readonly rounds: number;
  /** How long a measurement of a rate takes. */
  readonly seconds: number;
  /** How many short connections are open at a time. */
  readonly concurrencies: readonly number[];
  /** How many connections are held open while others are served. */
  readonly held: readonly number[];
  /** How many idle connections the memory is divided by. */
  readonly idle: readonly number[];
  /** By how many MiB a module makes the heap larger. */
  readonly heaps: readonly number[];
  /** Over how many connections nothing may decay. */
  readonly forks: number;
}

export const fullAmounts: Amounts = {
  rounds: 5,
  seconds: 3,
  concurrencies: [1, 16, 64, 256],
  held: [0, 100, 1000, 3000],
  idle: [10, 100, 1000],
  heaps: [5, 50, 200],
  forks: 100_000,
};

/** For a look at whether all works, in a few minutes. */
export const quickAmounts: Amounts = {
  rounds: 1,
  seconds: 0.5,
  concurrencies: [1, 16, 64, 256],
  held: [0, 100, 1000],
  idle: [10, 100],
  heaps: [5, 50],
  forks: 10_000,
};
