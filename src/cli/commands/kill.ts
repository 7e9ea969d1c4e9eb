import { type Command, Option as Flag } from "commander";
import { addCommon, type CommonOptions, daemonMeant, print } from "../daemon-command.ts";
import type { Finish } from "../program.ts";

export function addKill(program: Command, finish: Finish): void {
  const kill = program
    .command("kill")
    .summary("end one connection")
    .description(
      "Ends one connection: its handler is told to finish, and has drainTimeout for it; with --now its process is killed.",
    )
    .argument("<CONNECTION>", "the connection's id, as `forkd connections` shows it")
    .argument("[NAME]", "the daemon's name, or its module")
    .addOption(new Flag("--now", "do not wait for the handler"));
  addCommon(kill).action(async (id: string, name: string | undefined, options: CommonOptions & { now?: true }) => {
    const { pid } = await daemonMeant(name, options).client.endConnection(id, options.now === true);
    print({ id, pid }, options, () => `${id}: pid ${pid} ${options.now ? "is killed" : "is told to finish"}`);
    finish(0);
  });
}
