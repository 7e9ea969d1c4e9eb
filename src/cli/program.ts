import { Argument, Command } from "commander";
import { readVersion } from "../version.ts";
import { addCheck } from "./commands/check.ts";
import { addCompletion } from "./commands/completion.ts";
import { addConnections } from "./commands/connections.ts";
import { addKill } from "./commands/kill.ts";
import { addList } from "./commands/list.ts";
import { addLogs } from "./commands/logs.ts";
import { addReload } from "./commands/reload.ts";
import { addRestart } from "./commands/restart.ts";
import { addResume } from "./commands/resume.ts";
import { addRun } from "./commands/run.ts";
import { addStart } from "./commands/start.ts";
import { addStatus } from "./commands/status.ts";
import { addStop } from "./commands/stop.ts";
import { addUnit } from "./commands/unit.ts";
import { addUpgrade } from "./commands/upgrade.ts";
import { addWait } from "./commands/wait.ts";
import { programNotes } from "./help.ts";
import { say } from "./output.ts";

/** What a command calls with its exit status when it is done. */
export type Finish = (status: number) => void;

const commands = [
  addRun,
  addStart,
  addStop,
  addRestart,
  addReload,
  addUpgrade,
  addStatus,
  addList,
  addConnections,
  addKill,
  addWait,
  addLogs,
  addCheck,
  addUnit,
  addCompletion,
  addResume,
];

/** The commands, as commander knows them. */
export function createProgram(finish: Finish): Command {
  const program = new Command("forkd")
    .description("Serves every connection in a process of its own.")
    .version(readVersion(), "-v, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", programNotes)
    .configureHelp({ commandDescription: (command) => inParagraphs(command.description()) })
    .exitOverride()
    // Mistakes are told by whoever catches them, all in one way.
    .configureOutput({ outputError: () => {}, writeOut: say });
  for (const add of commands) add(program, finish);
  return program.addHelpCommand(helpCommand(program));
}

/** Lines end where they do for the source's sake; --help has a width of its own. */
const inParagraphs = (text: string): string => text.replaceAll(/(?<!\n)\n(?!\n)/g, " ");

function helpCommand(program: Command): Command {
  const names = program.createHelp().visibleCommands(program);
  const operand = new Argument("[COMMAND]").choices(names.map((command) => command.name()));
  return new Command("help").summary("print the help of a command").addArgument(operand);
}
