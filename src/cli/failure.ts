import { inspect } from "node:util";
import { CommanderError } from "commander";
import { errorCatalogue, ForkdError } from "../errors.ts";
import { directoryIsGone } from "../system-error.ts";

/** What a command says and ends with because of an error. */
export interface Failure {
  readonly status: number;
  /** What goes to stderr, with its line ends. */
  readonly text: string;
}

/**
 * What to say of an error: one sentence of a mistake, all there is to know of a bug.
 * @param command - That whose help says more of how it is used; forkd itself if not given.
 */
export function describeFailure(thrown: unknown, command?: string): Failure {
  const error = directoryIsGone(thrown) ?? thrown;
  if (error instanceof CommanderError) return describeUsage(error, command);
  if (!(error instanceof ForkdError)) return isRefusalOfTheSystem(error) ? describeRefusal(error) : describeBug(error);
  return { status: error.exitStatus, text: lines(`forkd: ${error.message}`, detailsOf(error)) };
}

/** The same for programs: an object with the `error`, whose `message` is the sentence, and which has its stack where it needs one. */
export function failureAsJson(error: unknown, { status, text }: Failure): string {
  if (text === "") return "";
  const said = text.trimEnd().replace(/^forkd: /, "");
  const [firstLine = ""] = said.split("\n");
  const [code, message] = error instanceof ForkdError ? [error.code, error.message] : [codeByStatus[status], firstLine];
  const stack = said.slice(message.length).trimStart();
  const told = { code, message, status, ...(stack !== "" && { stack }) };
  return `${JSON.stringify({ error: told }, undefined, 2)}\n`;
}

/** Of what is no error of forkd's own making. */
const codeByStatus: Readonly<Record<number, string>> = {
  [errorCatalogue.FORKD_E_USAGE]: "FORKD_E_USAGE",
  [errorCatalogue.FORKD_E_SYSTEM]: "FORKD_E_SYSTEM",
  [errorCatalogue.FORKD_E_BUG]: "FORKD_E_BUG",
};

/** The stack that a sentence is not enough without: the module's own, or that of a bug. */
function detailsOf(error: ForkdError): string {
  if (error.code === "FORKD_E_BUG") return inspect(error);
  return error.code === "FORKD_E_MODULE_FAILED" && error.cause !== undefined ? inspect(error.cause) : "";
}

/** commander also throws when it has printed the help or the version, as it was asked to or for want of a command. */
function describeUsage({ code, exitCode, message }: CommanderError, command = ""): Failure {
  if (exitCode === 0) return { status: 0, text: "" };
  const help = ["forkd", command, "--help"].filter((word) => word !== "").join(" ");
  const text = code === "commander.help" ? "" : lines(`forkd: ${usageSentence(message)} See: ${help}`);
  return { status: errorCatalogue.FORKD_E_USAGE, text };
}

/** Of "error: unknown option '--nme'\n(Did you mean --name?)": "Unknown option '--nme'; did you mean --name?" */
function usageSentence(message: string): string {
  const [complaint = "", suggestion] = message.replace(/^error: /, "").split("\n");
  const sentence = complaint.charAt(0).toUpperCase() + complaint.slice(1);
  const [, module] = /^unknown command '(.+\.[cm]?[jt]s)'/.exec(complaint) ?? [];
  if (module !== undefined) return `${sentence}; did you mean: forkd run ${module}?`;
  const question = suggestion?.replace(/^\(D/, "d").replace(/\)$/, "");
  return question ? `${sentence}; ${question}` : `${sentence.replace(/\.$/, "")}.`;
}

/** Limits that forkd has met itself. */
const limits: ReadonlySet<unknown> = new Set(["EMFILE", "ENFILE", "ENOMEM", "EAGAIN", "ENOSPC"]);

const isRefusalOfTheSystem = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && limits.has((error as NodeJS.ErrnoException).code);

function describeRefusal({ message }: NodeJS.ErrnoException): Failure {
  const sentence = `forkd: The system refused what forkd needs: ${message}. Raise the limit that was met (ulimit -a).`;
  return { status: errorCatalogue.FORKD_E_SYSTEM, text: lines(sentence) };
}

function describeBug(error: unknown): Failure {
  return {
    status: errorCatalogue.FORKD_E_BUG,
    text: lines("forkd: This is a bug in forkd; please report it with what follows.", inspect(error)),
  };
}

function lines(...texts: readonly string[]): string {
  return texts.map((text) => (text === "" ? "" : `${text}\n`)).join("");
}
