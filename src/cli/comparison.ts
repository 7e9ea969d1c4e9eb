import { ForkdError } from "../errors.ts";

/** What a number must be, as in ">=2". */
export interface Comparison {
  readonly text: string;
  readonly holds: (count: number) => boolean;
}

const operators: Readonly<Record<string, (count: number, limit: number) => boolean>> = {
  "==": (count, limit) => count === limit,
  ">=": (count, limit) => count >= limit,
  "<=": (count, limit) => count <= limit,
  ">": (count, limit) => count > limit,
  "<": (count, limit) => count < limit,
};

/**
 * The comparison that a text means; a number alone must be met.
 * @throws ForkdError `FORKD_E_USAGE`
 */
export function parseComparison(text: string): Comparison {
  const [, operator = "==", digits = ""] = /^(>=|<=|==|>|<)?\s*(\d{1,9})$/.exec(text.trim()) ?? [];
  const compare = operators[operator];
  if (digits !== "" && compare !== undefined) return { text, holds: (count) => compare(count, Number(digits)) };
  throw new ForkdError(
    "FORKD_E_USAGE",
    `--connections must be a number behind ">=", "<=", "==", ">" or "<"; received ${JSON.stringify(text)}. In a shell it stands in quotes.`,
  );
}
