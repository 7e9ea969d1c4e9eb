import assert from "node:assert/strict";
import { test } from "node:test";
import { parseEndpoint } from "../../dist/zygote/socket-names.js";

void test("an endpoint as the kernel lists it is told as people write it", () => {
  const endpoints = {
    "0100007F:04D2": "127.0.0.1:1234",
    "00000000:0050": "0.0.0.0:80",
    "00000000000000000000000001000000:0050": "[::1]:80",
    "B80D0120000000000000000001000000:01BB": "[2001:db8::1]:443",
    "0000000000000000FFFF00000100007F:0001": "[::ffff:7f00:1]:1",
  };
  for (const [listed, told] of Object.entries(endpoints)) assert.equal(parseEndpoint(listed), told);
});
