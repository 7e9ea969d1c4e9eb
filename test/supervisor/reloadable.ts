import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { AdminClient } from "../../dist/admin/client.js";
import { RuntimeFolder } from "../../dist/admin/runtime-folder.js";
import { exchange } from "../support/client.ts";
import { fixture, TestDaemon, type Launch, type LogRecord } from "../support/daemon.ts";
import { childrenOf } from "../support/processes.ts";
import { waitFor } from "../support/wait-for.ts";

type Style = "reloadable" | "reloadable-blocking";

interface Start extends Launch {
  /** The module's, at first. */
  readonly options?: object;
}

/** A daemon whose module and options are, each time it is loaded, what the test wants. */
export class Reloadable {
  readonly daemon: TestDaemon;
  readonly folder: ReloadFolder;
  readonly admin: AdminClient;

  constructor(daemon: TestDaemon, folder: ReloadFolder, name: string) {
    this.daemon = daemon;
    this.folder = folder;
    this.admin = folder.adminOf(name);
  }

  static start(t: TestContext, ...flags: string[]): Promise<Reloadable> {
    return Reloadable.startWith(t, {}, "reloadable", ...flags);
  }

  static async startWith(t: TestContext, launch: Start, style: Style, ...flags: string[]): Promise<Reloadable> {
    const folder = new ReloadFolder(t);
    if (launch.options !== undefined) folder.write("options", JSON.stringify(launch.options));
    return folder.startWith(t, launch, style, ...flags);
  }

  reload(): Promise<number> {
    return this.admin.reload().then(({ generation }) => generation);
  }

  /** What a new connection is answered, without the end of the line. */
  async ask(question: "version" | "id" | "pid" | "engine"): Promise<string> {
    return (await exchange(this.daemon.port, `${question}\n`)).trimEnd();
  }

  /** Waits until the next zygote is at that gate, where a worker that is spawned may be, too: its pid. */
  async zygoteAtGate(gate: string): Promise<number> {
    const isIt = ({ msg, role }: LogRecord): boolean => msg === `at the gate ${gate}` && role === "zygote";
    const { pid } = await this.daemon.waitForLog("the next zygote", isIt);
    return Number(pid);
  }

  async waitForState(state: string): Promise<void> {
    await waitFor(
      () => `the state ${state}\n${this.daemon.stderr}`,
      async () => (await this.admin.status()).state === state,
    );
  }

  /** Waits until there is no process but the zygote and its spares. */
  async waitForPeace(spares: number): Promise<void> {
    await waitFor(
      () => `a zygote and its spares alone\n${this.daemon.stderr}`,
      () => {
        const [zygote = 0, ...others] = childrenOf(this.daemon.pid);
        return others.length === 0 && childrenOf(zygote).length === spares;
      },
    );
  }
}

/** What the module finds when it is loaded, and where its daemon is to be found. */
export class ReloadFolder {
  readonly path: string;

  constructor(t: TestContext) {
    this.path = mkdtempSync(join(tmpdir(), "forkd-test-"));
    t.after(() => rmSync(this.path, { recursive: true, force: true }));
    this.write("version", "0");
  }

  /** Whole or not at all: a worker that is spawned may read it at any time. */
  write(name: string, text: string): void {
    const path = join(this.path, name);
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  }

  remove(name: string): void {
    rmSync(join(this.path, name), { force: true });
  }

  /** The supervisor of a daemon that has got as far as to have its pid written down, and loads its module. */
  supervisorOf(name: string): number | undefined {
    const path = new RuntimeFolder(this.path, name).pidFile;
    return existsSync(path) ? Number.parseInt(readFileSync(path, "utf8"), 10) || undefined : undefined;
  }

  adminOf(name: string): AdminClient {
    return new AdminClient(name, new RuntimeFolder(this.path, name));
  }

  async startWith(t: TestContext, launch: Launch, style: Style, ...flags: string[]): Promise<Reloadable> {
    const own = { TEST_RELOAD: this.path, FORKD_RUNTIME_DIR: this.path };
    const variables = { ...launch.variables, ...own };
    const daemon = await TestDaemon.startWith(t, { ...launch, variables }, fixture(style), ...flags);
    return new Reloadable(daemon, this, style);
  }
}
