import { ForkdError } from "../errors.ts";
import type { LinesOptions } from "./connection.ts";
import { LineSplitter } from "./line-splitter.ts";

/** What `lines(options)` cuts lines with. Where no compiler sees to it, an option of another name would have no effect. */
export function splitterFor(options: LinesOptions | undefined): LineSplitter {
  if (options === undefined) return new LineSplitter();
  const unknown = Object.keys(options).find((name) => name !== "maxLength");
  if (unknown === undefined) return new LineSplitter(options.maxLength);
  throw new ForkdError(
    "FORKD_E_OPTION",
    `Unknown option ${JSON.stringify(unknown)} of lines(); the only one is "maxLength".`,
  );
}
