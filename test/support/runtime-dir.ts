import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where daemons have their files that this process starts, as whatever user: apart from those of others. */
export const runtimeDir = mkdtempSync(join(tmpdir(), "forkd-test-"));
chmodSync(runtimeDir, 0o1777);
process.env["FORKD_RUNTIME_DIR"] = runtimeDir;
process.on("exit", () => rmSync(runtimeDir, { recursive: true, force: true }));
