/**
 * A program, not a module: strips the types of the TypeScript file named by its argument, and of the files that this
 * one reaches by relative paths, and writes them to its standard output as one JSON object, by path.
 *
 * It is started for a zygote that is about to load the user's module, or by one that does, and ends before anything is forked.
 */
import { readFileSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

// Required, for an import would have Node look for the names of exports in all of its four megabytes.
const { transformSync } = createRequire(import.meta.url)(
  "@swc/wasm-typescript",
) as typeof import("@swc/wasm-typescript");

/** A file without its types, or why it could not be had. */
export type Stripped = { code: string } | { failure: StripFailure };
export type StripFailure = { code: string | undefined; message: string; place?: { line: number; snippet: string } };

/** What the stripper throws at a mistake in the file: a plain object. */
type Diagnostic = { code: string; message: string; startLine: number; snippet: string };

const codes: Record<string, string> = {
  InvalidSyntax: "ERR_INVALID_TYPESCRIPT_SYNTAX",
  UnsupportedSyntax: "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX",
};

process.stdout.write(JSON.stringify(stripFrom(process.argv[2]!)));

function stripFrom(entry: string): Record<string, Stripped> {
  const files: Record<string, Stripped> = {};
  const paths = new Set([entry]);
  for (const path of paths) {
    const stripped = strip(path);
    files[path] = stripped;
    if ("code" in stripped) for (const reached of filesReached(path, stripped.code)) paths.add(reached);
  }
  return files;
}

function strip(path: string): Stripped {
  try {
    const { code } = transformSync(readFileSync(path, "utf8"), { mode: "strip-only", module: true });
    return { code };
  } catch (thrown) {
    return { failure: thrown instanceof Error ? failureOf(thrown) : mistakeIn(thrown as Diagnostic) };
  }
}

function failureOf({ message, code }: NodeJS.ErrnoException): StripFailure {
  return { message, code };
}

function mistakeIn({ message, code, startLine, snippet }: Diagnostic): StripFailure {
  return { message, code: codes[code] ?? code, place: { line: startLine, snippet } };
}

/**
 * The existing files behind whatever looks like a relative path to TypeScript. It may find too many, in comments
 * say: those are never asked for. It may find too few: those are stripped later, by another process.
 */
function filesReached(path: string, code: string): string[] {
  return [...code.matchAll(/["'`](\.\.?\/[^"'`\n]+\.m?ts)["'`]/g)].flatMap(([, specifier]) => {
    try {
      return realpathSync(fileURLToPath(new URL(specifier!, pathToFileURL(path))));
    } catch {
      return [];
    }
  });
}
