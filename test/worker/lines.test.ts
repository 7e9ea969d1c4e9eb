import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Client, exchange } from "../support/client.ts";
import { fixture, TestDaemon } from "../support/daemon.ts";
import { waitFor } from "../support/wait-for.ts";

for (const style of ["async", "blocking"]) {
  void suite(`lines(), ${style}`, () => {
    const start = (t: Parameters<typeof TestDaemon.start>[0], ...flags: string[]): Promise<TestDaemon> =>
      TestDaemon.start(t, fixture(`lines-${style}`), ...flags);

    void test("takes LF and CRLF, several lines in a packet, and a last line without an end", async (t) => {
      const { port } = await start(t);
      assert.equal(await exchange(port, "one\r\ntwo\nthree\r\n\n last"), '"one"\n"two"\n"three"\n""\n" last"\nEND\n');
    });

    void test("does not care where the packets break", async (t) => {
      const { port } = await start(t);
      const client = await Client.open(port);
      const bytes = Buffer.from("grüße\r\n€\n");
      for (const [index, byte] of bytes.entries()) {
        client.send(Uint8Array.of(byte));
        // Each byte is on its way in a packet of its own once the kernel has taken it.
        await waitFor("the byte to be sent", () => client.socket.bytesWritten === index + 1);
      }
      await client.receives('"grüße"\n"€"\n');
      client.finish();
      await client.rest();
    });

    void test("keeps a lone CR, and yields replacement characters for what is not UTF-8", async (t) => {
      const { port } = await start(t);
      assert.equal(
        await exchange(port, Buffer.from("a\rb\n\xff\xfe\n", "latin1")),
        '"a\\rb"\n"\u{FFFD}\u{FFFD}"\nEND\n',
      );
    });

    void test("takes a line of maxLength bytes and refuses a longer one", async (t) => {
      const daemon = await start(t);
      const line = "x".repeat(1000);
      assert.equal(await exchange(daemon.port, `${line}\r\n`), `"${line}"\nEND\n`);
      assert.equal(await exchange(daemon.port, `y\n${line}x\r\nz\n`), '"y"\n');
      const entry = await daemon.waitForEnd("line too long");
      assert.equal(entry.level, "info");
    });

    void test("refuses an endless line without waiting for its end", async (t) => {
      const daemon = await start(t);
      const client = await Client.open(daemon.port);
      client.send("x".repeat(1_000_000));
      await daemon.waitForEnd("line too long");
      await client.rest();
    });

    void test("an answer reaches the client, whatever the next line makes of the worker", async (t) => {
      const commands = style === "async" ? "commands" : "commands-blocking";
      const daemon = await TestDaemon.start(t, fixture(commands), "--session-timeout", "10s");
      for (const next of ["spin", "exit 1", "throw"]) {
        const client = await Client.open(daemon.port);
        client.send(`pid\n${next}\n`);
        await client.receives("\n");
        client.close();
      }
    });

    void test("refuses an option that it does not know, and names the one that it does", async (t) => {
      const daemon = await TestDaemon.start(t, fixture(style === "async" ? "commands" : "commands-blocking"));
      await exchange(daemon.port, 'lines {"maxLength":5,"maxlength":5}\n');
      const { code, message } = (await daemon.waitForEnd("handler error"))["err"] as { code: string; message: string };
      assert.equal(code, "FORKD_E_OPTION");
      assert.equal(message, 'Unknown option "maxlength" of lines(); the only one is "maxLength".');
    });

    void test("answers that were sent before input was left unread arrive", async (t) => {
      const { port } = await start(t);
      const client = await Client.open(port);
      client.send(`BYE\n${"more\n".repeat(20_000)}`);
      await client.receives("BYE\n");
      assert.equal(await client.rest(), "BYE\n");
      assert.equal(client.ended, "end");
    });
  });
}
