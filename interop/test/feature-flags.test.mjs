import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { World } from "../support/processes.mjs";
import { relatePeers } from "../support/scenarios.mjs";
import { TypeScriptPeer } from "../support/typescript-peer.mjs";

describe("the feature flags of a TypeScript identity", () => {
  let world;
  let alice;
  let bob;

  before(async () => {
    world = await World.create();
    alice = await TypeScriptPeer.create(world, "alice");
    bob = await TypeScriptPeer.create(world, "bob");
  });
  after(() => world?.stop());

  async function call(peer, method, route, body) {
    const headers = { authorization: `Bearer ${await peer.account.authenticator.getToken()}` };
    if (body) {
      headers["content-type"] = "application/json";
    }
    const url = `${world.backboneUrl}/api/v2/Identities/${route}`;
    const response = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
    const text = await response.text();
    return { status: response.status, result: text === "" ? undefined : JSON.parse(text).result };
  }

  it("are merged, and seen by peers only", async () => {
    assert.equal((await call(alice, "PATCH", "Self/FeatureFlags", { first: true, second: false })).status, 204);
    assert.equal((await call(alice, "PATCH", "Self/FeatureFlags", { second: true })).status, 204);
    const flags = { first: true, second: true };
    const route = `${alice.address}/FeatureFlags`;
    assert.deepEqual((await call(alice, "GET", route)).result, flags);
    assert.equal((await call(bob, "GET", route)).status, 404);
    await relatePeers(alice, bob);
    assert.deepEqual((await call(bob, "GET", route)).result, flags);
  });

  it("do not disturb the synchronisation of a peer whose library does not know them", async () => {
    await call(alice, "PATCH", "Self/FeatureFlags", { third: true });
    for (let run = 1; run <= 4; run++) {
      const sent = await alice.sendMessage([bob.address], { run });
      const { messages } = await bob.sync();
      assert.deepEqual(
        messages.map((message) => message.id.toString()),
        [sent.id.toString()]
      );
    }
  });
});
