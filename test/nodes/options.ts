import { existsSync, readdirSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("../../", import.meta.url));
const supported = ["20", "22", "24", "26"];

/** What a forked worker is and does, and who watches it. */
const defaultPaths = [
  "test/zygote",
  "test/worker",
  "test/supervisor/worker-death.test.ts",
  "test/supervisor/zygote-death.test.ts",
  "test/supervisor/supervisor-death.test.ts",
  "test/supervisor/signals.test.ts",
  "test/libraries",
];

export interface Options {
  readonly majors: readonly string[];
  /** Compiled, from the root. */
  readonly files: readonly string[];
  readonly help: boolean;
}

export const usage = `Usage: npm run test:nodes -- [options] [files and folders of tests]

Runs tests on Node ${supported.join(", ")}: as a rule those of a forked worker.

  --only N[,N]  on these versions only
  --others      on all but the version that runs this
  --help        this text

Versions come as npm packages, once, into build-nodes; remove that folder to have their newest releases.
`;

/** @throws Error a sentence, for what it does not understand */
export function parseOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      only: { type: "string" },
      others: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const majors = values.only?.split(",").map(parseMajor) ?? supported;
  return {
    majors: values.others ? majors.filter((major) => major !== ownMajor) : majors,
    files: (positionals.length > 0 ? positionals : defaultPaths).flatMap(testFiles),
    help: values.help,
  };
}

export const ownMajor = String(Number.parseInt(process.versions.node, 10));

function parseMajor(text: string): string {
  if (supported.includes(text)) return text;
  throw new Error(`--only takes some of ${supported.join(", ")}, with commas between them; received "${text}".`);
}

/** A file of tests, or those in a folder, by the name of its source. */
function testFiles(path: string): string[] {
  const compiled = resolve(root, path.replace(/^(\.\/)?test\//, "build-test/").replace(/\.ts$/, ".js"));
  if (!existsSync(compiled)) throw new Error(`There are no tests ${path}: give files or folders in test.`);
  if (!statSync(compiled).isDirectory()) return [relative(root, compiled)];
  const names = readdirSync(compiled, { recursive: true, encoding: "utf8" });
  return names
    .filter((name) => name.endsWith(".test.js"))
    .toSorted()
    .map((name) => relative(root, join(compiled, name)));
}
