import { PidFile, type Holder } from "../admin/pid-file.ts";
import { RuntimeFolder } from "../admin/runtime-folder.ts";
import { ForkdError } from "../errors.ts";
import type { HandedInstance } from "./handover.ts";

/** That there is one daemon of a name: its folder, and the lock in it. */
export class Instance {
  readonly name: string;
  readonly folder: RuntimeFolder;
  readonly #pidFile: PidFile;

  private constructor(name: string, folder: RuntimeFolder, pidFile: PidFile) {
    this.name = name;
    this.folder = folder;
    this.#pidFile = pidFile;
  }

  /**
   * @param base - The folder in which each daemon has one.
   * @throws ForkdError `FORKD_E_RUNNING` if there is one already, `FORKD_E_RUNTIME_DIR`
   */
  static claim(base: string, name: string, module: string): Instance {
    const folder = new RuntimeFolder(base, name);
    folder.make();
    const taken = PidFile.take(folder.pidFile, module);
    if (taken instanceof PidFile) return new Instance(name, folder, taken);
    throw alreadyRunning(name, taken);
  }

  /** One that this process had claimed before it became another program. */
  static resume(base: string, module: string, { name, pidFile, since }: HandedInstance): Instance {
    const folder = new RuntimeFolder(base, name);
    return new Instance(name, folder, PidFile.resume(folder.pidFile, pidFile, module, since));
  }

  get handover(): HandedInstance {
    return { name: this.name, pidFile: this.#pidFile.fd, since: this.since };
  }

  /** ISO 8601. */
  get since(): string {
    return this.#pidFile.since;
  }

  /** Lets others know where it listens. */
  announce(addresses: readonly string[]): void {
    this.#pidFile.write(addresses);
  }

  /** It is another daemon from now on, which does not listen yet. */
  renew(): void {
    this.#pidFile.renew();
  }

  release(): void {
    this.#pidFile.release();
  }
}

function alreadyRunning(name: string, { pid, since, addresses }: Holder): ForkdError {
  const where = addresses.length === 0 ? "is about to listen" : `listens on ${addresses.join(", ")}`;
  return new ForkdError(
    "FORKD_E_RUNNING",
    `A daemon called ${name} runs already: pid ${pid}, since ${since}, ${where}. Stop it with "forkd stop ${name}", or ` +
      "call this one otherwise with --name.",
  );
}
