import assert from "node:assert/strict";
import { test } from "node:test";
import { shownPeer } from "../../dist/log/peer.js";

for (const [peer, shown] of [
  ["192.0.2.17:40112", "192.0.2.0"],
  ["[2001:db8:1:2::3]:40112", "2001:db8:1::"],
  ["[2001:db8::3]:40112", "2001:db8::"],
  ["[2001:0:1:2:3:4:5:6]:1", "2001:0:1::"],
  ["[::1]:40112", "::"],
  ["[fe80::1%eth0]:40112", "fe80::"],
  ["[::ffff:192.0.2.17]:40112", "192.0.2.0"],
  ["unix:", "unix:"],
] as const) {
  test(`${peer} is shown as ${shown} if peers are to be anonymous`, () => {
    assert.equal(shownPeer(peer, { anonymizePeers: true }), shown);
    assert.equal(shownPeer(peer, { anonymizePeers: false }), peer);
  });
}
