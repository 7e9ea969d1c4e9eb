/**
 * Makes of a line of the log, without its end, what people read, with it. A line that is no record stays as it is, and so does
 * a record with something in it that cannot be shown.
 */
export async function loadPrettifier(): Promise<(line: string) => string> {
  const { prettyFactory } = await import("pino-pretty");
  const pretty = prettyFactory({ ignore: "pid,role,generation", translateTime: "SYS:HH:MM:ss.l", singleLine: true });
  return (line) => {
    try {
      return line.startsWith("{") ? pretty(line) : `${line}\n`;
    } catch {
      return `${line}\n`; // fields within fields within fields, too deep for the stack
    }
  };
}
