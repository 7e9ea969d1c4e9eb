import { Argument, type Command } from "commander";
import { bashScript } from "../completion/bash.ts";
import { fishScript } from "../completion/fish.ts";
import { completionsOf } from "../completion/model.ts";
import { zshScript } from "../completion/zsh.ts";
import { say } from "../output.ts";
import type { Finish } from "../program.ts";

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;

const description = `Prints a script by which a shell completes commands, flags and their values, modules, and the names of daemons that
run. Its first lines say where to have it read.`;

export function addCompletion(program: Command, finish: Finish): void {
  program
    .command("completion")
    .summary("print a shell's completion script")
    .description(description)
    .addArgument(new Argument("<SHELL>", "the shell").choices(Object.keys(scripts)))
    .action(async (shell: keyof typeof scripts) => {
      const { createProgram } = await import("../program.ts");
      say(scripts[shell](completionsOf(await createProgram(finish))));
      finish(0);
    });
}
