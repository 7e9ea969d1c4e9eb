import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { formatAddress, type ListenAddress, parseAddress } from "../../dist/config/address.js";
import { ForkdError } from "../../dist/errors.js";

for (const [text, expected] of [
  ["127.0.0.1:1234", inet("ipv4", "127.0.0.1", 1234)],
  ["0.0.0.0:0", inet("ipv4", "0.0.0.0", 0)],
  ["localhost:65535", inet("ipv4", "127.0.0.1", 65_535)],
  ["[::1]:1234", inet("ipv6", "::1", 1234)],
  ["[::]:1234", inet("ipv6", "::", 1234)],
  [":1234", inet("ipv6", "::", 1234, true)],
  ["unix:/run/x.sock", { family: "unix", path: "/run/x.sock" }],
  ["unix:x:1.sock", { family: "unix", path: "x:1.sock" }],
  [`unix:${"é".repeat(53)}x`, { family: "unix", path: `${"é".repeat(53)}x` }],
] as const) {
  test(`${text.slice(0, 40)} is an address`, () => assert.deepEqual(parseAddress(text), expected));
}

for (const [text, hint] of [
  ["", '""'],
  ["here", '"here"'],
  ["example.com:80", 'Host names are not looked up: write the IP address, or ":80" for all interfaces.'],
  ["127.0.0.1", 'The port is missing: "127.0.0.1:1234".'],
  ["[::1]", 'The port is missing: "[::1]:1234".'],
  ["1234", 'Write "127.0.0.1:1234", or ":1234" for all interfaces.'],
  ["::1", 'An IPv6 address stands in brackets, with a port: "[::1]:1234".'],
  ["1:2:3:4:5:6:7:8:80", 'An IPv6 address stands in brackets: "[1:2:3:4:5:6:7:8]:80".'],
  ["[127.0.0.1]:80", "Only an IPv6 address stands in brackets."],
  ["[fe80::1%eth0]:80", 'An address with a zone ("%…") is not supported; "[::]:80" covers it.'],
  ["*:80", 'For all interfaces write ":80".'],
  ["::1:80", 'with a port: "[::1:80]:1234", or "[::1]:80" if 80 is the port.'],
  ["fe80::1", 'An IPv6 address stands in brackets, with a port: "[fe80::1]:1234".'],
  ["999.1.1.1:80", "An IPv4 address is four numbers from 0 to 255, without leading zeros."],
  ["127.0.0.01:80", "An IPv4 address is four numbers from 0 to 255, without leading zeros."],
  ["127.1:80", "An IPv4 address is four numbers from 0 to 255, without leading zeros."],
  ["http://127.0.0.1:80", 'It is no URL: write "127.0.0.1:80" alone.'],
  ["tcp://[::1]:80/path", 'It is no URL: write "[::1]:80" alone.'],
  ["file:///run/x.sock", "It is no URL: write the address alone."],
  ["127.0.0.1:65536", "The port is a whole number from 0 to 65535"],
  ["127.0.0.1:-1", "The port is a whole number from 0 to 65535"],
  ["127.0.0.1:080", "The port is a whole number from 0 to 65535"],
  ["127.0.0.1:http", "The port is a whole number from 0 to 65535"],
  ["127.0.0.1:", "The port is a whole number from 0 to 65535"],
  ["/run/x.sock", 'For a Unix socket write "unix:/run/x.sock".'],
  ["unix:", "The path of the socket is missing."],
  ["unix:a\0b", "The path of a socket has no zero bytes."],
  [`unix:${"é".repeat(54)}`, "at most 107 bytes and this one has 108"],
] as const) {
  test(`${JSON.stringify(text.slice(0, 40))} is refused with the way out`, () => {
    assert.throws(
      () => parseAddress(text),
      (error) => isRefusal(error) && error.message.includes(hint),
    );
  });
}

test("what is formatted is parsed again", () => {
  fc.assert(fc.property(anyAddress(), (address) => assert.deepEqual(parseAddress(formatAddress(address)), address)));
});

test("any text is an address that survives the round trip, or refused", () => {
  const almost = fc
    .tuple(
      fc.oneof(
        fc.ipV4(),
        fc.ipV6(),
        fc.ipV6().map((host) => `[${host}]`),
        fc.domain(),
      ),
      fc.nat(70_000),
    )
    .map(([host, port]) => `${host}:${port}`);
  const path = fc.string({ unit: "binary" }).map((text) => `unix:${text}`);
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), almost, path), (text) => {
      try {
        const address = parseAddress(text);
        assert.deepEqual(parseAddress(formatAddress(address)), address);
      } catch (error) {
        assert.ok(isRefusal(error), String(error));
      }
    }),
  );
});

function anyAddress(): fc.Arbitrary<ListenAddress> {
  const port = fc.nat(65_535);
  return fc.oneof(
    fc.tuple(fc.ipV4(), port).map(([host, number]) => inet("ipv4", host, number)),
    fc.tuple(fc.ipV6(), port).map(([host, number]) => inet("ipv6", host, number)),
    port.map((number) => inet("ipv6", "::", number, true)),
    fc.stringMatching(/^[^\0]{1,26}$/).map((path) => ({ family: "unix" as const, path })),
  );
}

function inet(family: "ipv4" | "ipv6", host: string, port: number, dualStack = false): ListenAddress {
  return { family, host, port, dualStack };
}

function isRefusal(error: unknown): error is ForkdError {
  return (
    error instanceof ForkdError && error.code === "FORKD_E_OPTION" && error.message.startsWith("An address must be ")
  );
}
