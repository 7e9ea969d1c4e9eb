import { Growth, holdingsOf } from "./growth.ts";
import type { SoakedDaemon } from "./soaked-daemon.ts";

const interval = 500;

/** What supervisor and zygote may have grown by, in MiB: a heap breathes, the zygote's does not. */
const allowance = { supervisor: 32, zygote: 8 } as const;

/** Looks at the memory of supervisor and zygotes, all the time. */
export class Watch {
  readonly supervisor = new Growth();
  /** By pid: one that is killed makes room for another. */
  readonly zygotes = new Map<number, Growth>();
  readonly #timer: NodeJS.Timeout;

  constructor(daemon: SoakedDaemon) {
    this.#timer = setInterval(() => this.#look(daemon), interval);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** What has grown too much. */
  get problems(): string[] {
    const all = [["supervisor", this.supervisor] as const, ...[...this.zygotes.values()].map(asZygote)];
    return all.flatMap(([role, { span }]) =>
      span !== undefined && span.last - span.first > allowance[role]
        ? [`the ${role} grew from ${span.first.toFixed(1)} to ${span.last.toFixed(1)} MiB`]
        : [],
    );
  }

  #look({ supervisor, zygote }: SoakedDaemon): void {
    this.supervisor.add(holdingsOf(supervisor)?.memory ?? 0);
    const memory = zygote === undefined ? undefined : holdingsOf(zygote)?.memory;
    if (zygote === undefined || memory === undefined) return;
    const growth = this.zygotes.get(zygote) ?? new Growth();
    this.zygotes.set(zygote, growth);
    growth.add(memory);
  }
}

const asZygote = (growth: Growth): readonly ["zygote", Growth] => ["zygote", growth];
