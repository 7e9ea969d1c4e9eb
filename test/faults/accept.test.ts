import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { Client } from "../support/client.ts";
import { fixture, TestDaemon, type LogRecord } from "../support/daemon.ts";
import { assertAlmostIdle } from "../support/idle.ts";
import { childrenOf } from "../support/processes.ts";
import { strace, straceIsMissing } from "../support/strace.ts";

/** A single spare: what is done to it is done to whoever takes the next client. */
const flags = ["--spare-workers", "1", "--idle-timeout", "off", "--no-connection-log"];

const troubles = ["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"];
/** As accept(2) has them: of a connection that is not there any more, or of nothing at all. */
const passing = ["EAGAIN", "EINTR", "ECONNABORTED", "EPERM", "EPROTO", "ENETDOWN", "EHOSTDOWN", "ENETUNREACH"];

for (const errno of troubles) {
  void test(`accept4 fails with ${errno}: said once, waited out, gone on`, { skip: straceIsMissing }, async (t) => {
    const daemon = await TestDaemon.start(t, fixture("commands"), ...flags);
    const spare = await spareOf(daemon);
    const detach = await failAccept(t, spare, errno);
    const waiting = await ask(daemon);
    await daemon.waitForLog("the trouble", isAbout(`accept failed: ${errno}`));
    await assertAlmostIdle([spare, daemon.zygote, daemon.pid]);
    assert.equal(waiting.received, "");
    await detach();
    await assertIsServed(waiting);
    await daemon.waitForLog("the end of it", isAbout("accepting again"));
    await assertIsServed(await ask(daemon));
    await daemon.waitForLog("the end of it", isAbout("accepting again"));
    assert.deepEqual(levelsOf(daemon), ["error", "info"]);
  });
}

void test("accept4 fails with what passes: nothing is said, and clients are served", {
  skip: straceIsMissing,
}, async (t) => {
  const daemon = await TestDaemon.start(t, fixture("commands"), ...flags);
  for (const errno of passing) {
    const detach = await failAccept(t, await spareOf(daemon), errno, 20);
    await assertIsServed(await ask(daemon));
    await detach();
  }
  assert.deepEqual(levelsOf(daemon), []);
});

for (const errno of ["ECONNABORTED", "ENETDOWN"]) {
  void test(`accept4 fails with ${errno} for ever: then it is trouble too`, { skip: straceIsMissing }, async (t) => {
    const daemon = await TestDaemon.start(t, fixture("commands-blocking"), ...flags);
    const spare = await spareOf(daemon);
    const detach = await failAccept(t, spare, errno);
    await daemon.waitForLog("the trouble", isAbout(`accept failed: ${errno}`));
    await assertAlmostIdle([spare]);
    await detach();
    await assertIsServed(await ask(daemon));
    await daemon.waitForLog("the end of it", isAbout("accepting again"));
    assert.deepEqual(levelsOf(daemon), ["error", "info"]);
  });
}

for (const call of ["epoll_create1", "epoll_ctl"]) {
  void test(`${call} fails: said, waited out, and heeds a drain`, { skip: straceIsMissing }, async (t) => {
    const daemon = await TestDaemon.start(t, fixture("commands-blocking"), ...flags);
    const { zygote } = daemon;
    await strace(t, zygote, "-e", `trace=${call}`, "-e", `inject=${call}:error=ENOMEM`);
    process.kill(await spareOf(daemon), "SIGKILL");
    await daemon.waitForLog("the trouble", isAbout("accept failed: ENOMEM"));
    await assertAlmostIdle([zygote, ...childrenOf(zygote)]);
    await assertIsServed(await ask(daemon)); // accept4 is tried all the same
    daemon.signal("SIGTERM");
    assert.equal(await daemon.ended(), 0);
  });
}

void test("epoll_pwait fails: said, waited out, gone on", { skip: straceIsMissing }, async (t) => {
  const daemon = await TestDaemon.start(t, fixture("commands"), ...flags);
  const spare = await spareOf(daemon);
  const detach = await strace(t, spare, "-e", "trace=epoll_pwait", "-e", "inject=epoll_pwait:error=ENOMEM");
  await daemon.waitForLog("the trouble", isAbout("accept failed: ENOMEM"));
  await assertAlmostIdle([spare]);
  await detach();
  await assertIsServed(await ask(daemon));
  await daemon.waitForLog("the end of it", isAbout("accepting again"));
  assert.deepEqual(levelsOf(daemon), ["error", "info"]);
});

for (const errno of ["EAGAIN", "ENOMEM"]) {
  void test(`fork(2) fails with ${errno}: said once, waited out, gone on`, { skip: straceIsMissing }, async (t) => {
    const daemon = await TestDaemon.start(t, fixture("commands"), ...flags);
    const { zygote } = daemon;
    const calls = "clone,clone3,fork,vfork";
    const detach = await strace(t, zygote, "-e", `trace=${calls}`, "-e", `inject=${calls}:error=${errno}`);
    process.kill(await spareOf(daemon), "SIGKILL");
    const trouble = await daemon.waitForLog("the trouble", isAbout(`fork failed: ${errno}`));
    assert.equal(trouble.level, "error");
    assert.equal(trouble["role"], "zygote");
    const waiting = await ask(daemon);
    await assertAlmostIdle([zygote, daemon.pid]);
    await detach();
    await assertIsServed(waiting);
    await daemon.waitForLog("the end of it", isAbout("forking again"));
    assert.equal(daemon.log.filter(isAbout("fork failed")).length, 1);
    assert.equal(daemon.log.filter(isAbout("forking again")).length, 1);
  });
}

const isAbout =
  (start: string) =>
  ({ msg }: LogRecord): boolean =>
    msg.startsWith(start);

async function spareOf(daemon: TestDaemon): Promise<number> {
  const [spare = 0] = await daemon.spares(1);
  return spare;
}

function failAccept(t: TestContext, pid: number, errno: string, times?: number): Promise<() => Promise<void>> {
  const when = times === undefined ? "" : `:when=1..${times}`;
  return strace(t, pid, "-e", "trace=accept4", "-e", `inject=accept4:error=${errno}${when}`);
}

async function ask({ port }: TestDaemon): Promise<Client> {
  const client = await Client.open(port);
  client.send("pid\n");
  return client;
}

/** To the end, after which its worker leaves. */
async function assertIsServed(client: Client): Promise<void> {
  client.finish();
  assert.match(await client.rest(), /^\d+\n$/);
  assert.equal(client.ended, "end");
}

/** How loud everything was that was logged since the daemon listens. */
const levelsOf = ({ log }: TestDaemon): string[] => log.slice(1).map(({ level }) => level);
