import { pbkdf2Sync } from "node:crypto";

/** A kind of connection: what the client does, what it must be answered, and how the log must say that it ended. */
export interface Kind {
  readonly name: string;
  /** How many of all the weights' sum are of this kind. */
  readonly weight: number;
  readonly lines: (index: number) => readonly string[];
  readonly answers: (index: number) => readonly string[];
  /**
   * `finish`: says all at once, half-closes, and reads to the end. `talk`: waits for each answer, then half-closes.
   * `reset`: resets the connection after the first answer. `wait`: says no more, and waits to be closed.
   */
  readonly manner: "finish" | "talk" | "reset" | "wait";
  /** For one that talks: what it waits for beside each answer. */
  readonly pause?: () => Promise<unknown>;
  readonly reasons: readonly string[];
  /** Whether the handler's end may reset the connection. */
  readonly isCut?: boolean;
}

const finish = { manner: "finish", reasons: ["completed"] } as const;
const ruin = { manner: "wait", answers: () => ["BEFORE"], isCut: true } as const;
const keys = ["one", "two", "three"].map((text) => [text, pbkdf2Sync(text, "salt", 100, 8, "sha1").toString("hex")]);
const turns = Array.from({ length: 20 }, (_, turn) => turn);

export const kinds: readonly Kind[] = [
  {
    ...finish,
    name: "short",
    weight: 600,
    lines: (index) => [`upper short-${index}`],
    answers: (index) => [`SHORT-${index}`],
  },
  {
    name: "long",
    weight: 100,
    manner: "talk",
    reasons: ["completed"],
    lines: (index) => turns.map((turn) => `upper turn-${index}-${turn}`),
    answers: (index) => turns.map((turn) => `TURN-${index}-${turn}`),
  },
  {
    ...finish,
    name: "large answer",
    weight: 20,
    lines: () => ["write 1000000", "upper after"],
    answers: () => ["x".repeat(1_000_000), "AFTER"],
  },
  { ...finish, name: "leak", weight: 20, lines: () => ["leak 3", "leak 3"], answers: () => ["3", "6"] },
  {
    ...finish,
    name: "threadpool",
    weight: 40,
    lines: () => keys.map(([text]) => `pool ${text}`),
    answers: () => keys.map(([, key = ""]) => key),
  },
  {
    ...finish,
    name: "child process",
    weight: 10,
    lines: (index) => [`child ${index}`],
    answers: (index) => [String(index)],
  },
  { ...finish, name: "nothing said", weight: 40, lines: () => [], answers: () => [] },
  {
    name: "reset by the client",
    weight: 40,
    manner: "reset",
    reasons: ["completed", "client gone"],
    lines: () => ["upper first"],
    answers: () => ["FIRST"],
  },
  { ...ruin, name: "throw", weight: 40, reasons: ["handler error"], lines: () => ["upper before", "throw"] },
  { ...ruin, name: "exit", weight: 40, reasons: ["exit 3"], lines: () => ["upper before", "exit 3"] },
  {
    ...ruin,
    name: "crash",
    weight: 30,
    reasons: ["killed by SIGSEGV"],
    lines: () => ["upper before", "crash SIGSEGV"],
  },
  {
    ...ruin,
    name: "line too long",
    weight: 15,
    reasons: ["line too long"],
    lines: () => ["upper before", "x".repeat(2000)],
  },
  { ...ruin, name: "silence", weight: 3, reasons: ["idle timeout"], lines: () => ["upper before"] },
  { ...ruin, name: "endless loop", weight: 1, reasons: ["idle timeout"], lines: () => ["upper before", "spin"] },
];

const sum = kinds.reduce((total, { weight }) => total + weight, 0);
/** Without a factor in common with the sum, so that each kind has its share of any row of indexes. */
const stride = 7919;

/** The kind of the connection of that index: always the same, well mixed. */
export function kindOf(index: number): Kind {
  let place = (index * stride) % sum;
  for (const kind of kinds) {
    if (place < kind.weight) return kind;
    place -= kind.weight;
  }
  throw new Error(`no kind has place ${place}`);
}
