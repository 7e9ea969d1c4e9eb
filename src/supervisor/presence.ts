import type { HandedInstance } from "./handover.ts";
import { Instance } from "./instance.ts";
import type { AdminServer } from "./admin-server.ts";
import type { Supervisor } from "./supervisor.ts";

/** Loaded while the module is: it takes a while. */
const adminModule = import("./admin-server.ts");

/** How others find the daemon: its name is taken, and commands are answered under it. */
export class Presence {
  readonly #supervisor: Supervisor;
  readonly #base: string;
  readonly #module: string;
  #instance: Instance | undefined;
  #admin: AdminServer | undefined;
  #begun: Promise<void> | undefined;

  /**
   * @param base - The folder in which each daemon has one.
   * @param module - The path of the daemon's.
   * @param handed - What the process is called that was another program before.
   */
  constructor(supervisor: Supervisor, base: string, module: string, handed: HandedInstance | undefined) {
    this.#supervisor = supervisor;
    this.#base = base;
    this.#module = module;
    this.#instance = handed && Instance.resume(base, module, handed);
  }

  get instance(): Instance | undefined {
    return this.#instance;
  }

  /**
   * Lets others find a daemon whose module has yet to say what it is called, under the name that it would have without that.
   * If it cannot be, it is found later.
   * @param nameBeforehand - It, or why there is none.
   */
  begin(nameBeforehand: () => string): void {
    this.#begun = this.#be(nameBeforehand).catch(() => undefined);
  }

  /**
   * From now on the daemon is called so.
   * @throws ForkdError `FORKD_E_RUNNING` if another one is, `FORKD_E_RUNTIME_DIR`
   */
  async settle(name: string): Promise<void> {
    await this.#begun;
    if (this.#instance !== undefined && this.#instance.name !== name) {
      const instance = Instance.claim(this.#base, name, this.#module);
      this.#giveUp();
      this.#instance = instance;
    }
    await this.#be(() => name);
  }

  async #be(name: () => string): Promise<void> {
    this.#instance ??= Instance.claim(this.#base, name(), this.#module);
    const { socket } = this.#instance.folder;
    const { AdminServer } = await adminModule;
    this.#admin ??= await AdminServer.open(socket, this.#supervisor);
  }

  /** Nobody answers any more, and the name may be another's. */
  async end(): Promise<void> {
    await this.#begun;
    this.#giveUp();
  }

  /** The name first, for who has it answers. */
  #giveUp(): void {
    this.#instance?.release();
    this.#admin?.close();
    this.#instance?.folder.remove();
    this.#instance = this.#admin = undefined;
  }
}
