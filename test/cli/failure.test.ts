import assert from "node:assert/strict";
import { test } from "node:test";
import { describeFailure } from "../../dist/cli/failure.js";
import { type ErrorCode, errorCatalogue, ForkdError } from "../../dist/errors.js";

for (const [code, status] of Object.entries(errorCatalogue)) {
  test(`${code} is told in its sentence and ends with ${status}`, () => {
    const failure = describeFailure(new ForkdError(code as ErrorCode, "It is so."));
    assert.equal(failure.status, status);
    assert.equal(failure.text.split("\n")[0], "forkd: It is so.");
  });
}

test("a mistake is one line", () => {
  const cause = new Error("deep down");
  const { text } = describeFailure(new ForkdError("FORKD_E_LISTEN", "It is so.", { cause }));
  assert.equal(text, "forkd: It is so.\n");
});

test("a module that failed is told with its own stack", () => {
  const cause = new TypeError("it is the module's");
  const { text, status } = describeFailure(new ForkdError("FORKD_E_MODULE_FAILED", "The module failed.", { cause }));
  assert.equal(text, `forkd: The module failed.\n${cause.stack}\n`);
  assert.equal(status, 100);
});

test("a limit that forkd has met is the system's refusal", () => {
  const refused = Object.assign(new Error("EMFILE: too many open files, open 'x'"), { code: "EMFILE" });
  const sentence = "forkd: The system refused what forkd needs: EMFILE: too many open files, open 'x'.";
  assert.deepEqual(describeFailure(refused), {
    status: 111,
    text: `${sentence} Raise the limit that was met (ulimit -a).\n`,
  });
});

test("a bug is told with its stack", () => {
  const bug = new RangeError("off by one");
  const { text, status } = describeFailure(bug);
  assert.equal(text, `forkd: This is a bug in forkd; please report it with what follows.\n${bug.stack}\n`);
  assert.equal(status, 101);
  assert.match(
    describeFailure(new ForkdError("FORKD_E_BUG", "Never so.")).text,
    /^forkd: Never so\.\n.*ForkdError.*\n +at /,
  );
  assert.equal(describeFailure("thrown text").status, 101);
});
