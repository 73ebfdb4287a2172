import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { World } from "../support/processes.mjs";
import { relateToConnector } from "../support/scenarios.mjs";
import { TypeScriptPeer } from "../support/typescript-peer.mjs";

describe("the deletion of a Connector's identity", () => {
  let world;
  let connector;
  let peer;
  let id;

  before(async () => {
    world = await World.create();
    connector = await world.startConnector("leaving", {}, {}, { debug: true });
    peer = await TypeScriptPeer.create(world, "staying");
    id = await relateToConnector(connector, peer);
    peer.takeEvents();
  });
  after(() => world?.stop());

  const deletionInfo = async () => (await peer.relationship(id)).peerDeletionInfo;
  const start = () => connector.call("POST", "/IdentityDeletionProcess", {}, 200);
  const cancel = () => connector.call("DELETE", "/IdentityDeletionProcess", undefined, 200);

  it("is announced to its TypeScript peer with the day, and so is its end", async () => {
    const started = await start();
    assert.equal(started.status, "Active");
    await peer.sync();
    assert.equal((await deletionInfo()).deletionStatus, "ToBeDeleted");
    assert.equal((await deletionInfo()).deletionDate.toISOString(), started.gracePeriodEndsAt);
    assert.deepEqual(peer.takeEvents(), ["peerToBeDeleted"]);

    assert.equal((await cancel()).status, "Cancelled");
    await peer.sync();
    assert.equal(await deletionInfo(), undefined);
    assert.deepEqual(peer.takeEvents(), ["peerDeletionCancelled"]);
  });

  it("keeps messages for it until it is cancelled", async () => {
    await start();
    await peer.sync();
    const { address } = await connector.get("/Account/IdentityInfo");
    const sent = await peer.sendMessage([address], { "@type": "ArbitraryMessageContent", value: "stay" });
    const refused = await connector.refused("POST", "/Account/Sync", 400);
    assert.equal(refused.code, "error.platform.validation.syncRun.cannotStartSyncRunWhileIdentityIsToBeDeleted");
    await cancel();
    await connector.sync();
    assert.equal((await connector.get(`/Messages/${sent.id.toString()}`)).content.value, "stay");
  });
});
