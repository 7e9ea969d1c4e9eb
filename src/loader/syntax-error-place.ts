import { PassThrough } from "node:stream";

/**
 * Puts file, line and source before the stack of a SyntaxError that V8 raised for a module.
 *
 * `import()` rejects with an error that says none of them. Node knows the place and keeps it in a private property, to
 * print it with an uncaught error; its REPL is the one public way to have it added to the stack. The REPL also cuts and
 * rewrites what it is given, so all but the place is put back. Heavy: for a process that has failed.
 */
export async function tellPlace(error: SyntaxError): Promise<void> {
  const { message, stack = "" } = error;
  if (!stack.startsWith("SyntaxError")) return; // the place is there already
  try {
    await passThroughRepl(error);
  } catch {
    // the place is a courtesy, the error is what matters
  }
  const [place = ""] = (error.stack ?? "").split(header);
  Object.assign(error, { message, stack: place + stack });
}

const header = /^SyntaxError/m;

async function passThroughRepl(error: SyntaxError): Promise<void> {
  const { start } = await import("node:repl");
  const [input, output] = [new PassThrough(), new PassThrough()];
  const server = start({ input, output, eval: (_line, _context, _file, done) => done(error, undefined) });
  server.emit("line", "");
  server.close();
}
