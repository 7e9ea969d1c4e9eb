import { Argument, Command } from "commander";
import { readVersion } from "../version.ts";
import { programNotes } from "./help.ts";
import { say } from "./output.ts";

/** What a command calls with its exit status when it is done. */
export type Finish = (status: number) => void;

type AddCommand = (program: Command, finish: Finish) => void;

/** By name, as commander is told them. Who calls one does not wait for the others to be loaded. */
const commands: Readonly<Record<string, () => Promise<AddCommand>>> = {
  run: async () => (await import("./commands/run.ts")).addRun,
  start: async () => (await import("./commands/start.ts")).addStart,
  stop: async () => (await import("./commands/stop.ts")).addStop,
  restart: async () => (await import("./commands/restart.ts")).addRestart,
  reload: async () => (await import("./commands/reload.ts")).addReload,
  upgrade: async () => (await import("./commands/upgrade.ts")).addUpgrade,
  status: async () => (await import("./commands/status.ts")).addStatus,
  list: async () => (await import("./commands/list.ts")).addList,
  connections: async () => (await import("./commands/connections.ts")).addConnections,
  kill: async () => (await import("./commands/kill.ts")).addKill,
  wait: async () => (await import("./commands/wait.ts")).addWait,
  logs: async () => (await import("./commands/logs.ts")).addLogs,
  check: async () => (await import("./commands/check.ts")).addCheck,
  unit: async () => (await import("./commands/unit.ts")).addUnit,
  completion: async () => (await import("./commands/completion.ts")).addCompletion,
  resume: async () => (await import("./commands/resume.ts")).addResume,
};

/**
 * The program, as commander knows it.
 * @param called - The one command that is wanted of it; if there is none of that name, all are.
 */
export async function createProgram(finish: Finish, called = ""): Promise<Command> {
  const program = new Command("forkd")
    .description("Serves every connection in a process of its own.")
    .version(readVersion(), "-v, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", programNotes)
    .configureHelp({ commandDescription: (command) => inParagraphs(command.description()) })
    .exitOverride()
    // Mistakes are told by whoever catches them, all in one way.
    .configureOutput({ outputError: () => {}, writeOut: say });
  const load = Object.hasOwn(commands, called) ? commands[called] : undefined;
  const loads = load === undefined ? Object.values(commands) : [load];
  for (const add of await Promise.all(loads.map((one) => one()))) add(program, finish);
  return program.addHelpCommand(helpCommand(program));
}

/** Lines end where they do for the source's sake; --help has a width of its own. */
const inParagraphs = (text: string): string => text.replaceAll(/(?<!\n)\n(?!\n)/g, " ");

function helpCommand(program: Command): Command {
  const names = program.createHelp().visibleCommands(program);
  const operand = new Argument("[COMMAND]").choices(names.map((command) => command.name()));
  return new Command("help").summary("print the help of a command").addArgument(operand);
}
