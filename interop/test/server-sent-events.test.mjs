import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";

import { World } from "../support/processes.mjs";
import { relatePeers } from "../support/scenarios.mjs";
import { EventStream } from "../support/event-stream.mjs";
import { TypeScriptPeer } from "../support/typescript-peer.mjs";

describe("the server-sent events of the embedded Backbone", () => {
  let world;
  let alice;
  let bob;
  let stream;

  before(async () => {
    world = await World.create();
    bob = await TypeScriptPeer.create(world, "bob");
  });
  after(() => world?.stop());

  beforeEach(async () => {
    alice = await TypeScriptPeer.create(world, "alice", { datawalletEnabled: true });
    stream = await EventStream.open(world, alice);
    await stream.next("ConnectionOpened");
  });

  it("come in frames that a name tells apart, and need a token", async () => {
    assert.equal(stream.response.status, 200);
    assert.match(stream.response.headers.get("content-type"), /^text\/event-stream/);
    assert.match(stream.response.headers.get("cache-control"), /no-cache/);
    assert.equal(stream.text, "event: ConnectionOpened\ndata: _\n\n");
    assert.equal((await fetch(`${world.backboneUrl}/api/v1/sse`)).status, 401);
    const second = await EventStream.open(world, alice, "v2");
    await second.next("ConnectionOpened");
  });

  it("tell of everything that a sync would fetch", async () => {
    const id = await relatePeers(alice, bob);
    await stream.next("ExternalEventCreated");
    const sent = await bob.sendMessage([alice.address], { text: "look" });
    await stream.next("ExternalEventCreated");
    assert.equal((await alice.sync()).messages[0].id.toString(), sent.id.toString());
    await bob.act("terminate", id);
    await stream.next("ExternalEventCreated");
  });

  it("tell other devices of the changes of one", async () => {
    const tablet = await alice.createDevice(world, "tablet", { isAdmin: true });
    const other = await EventStream.open(world, tablet);
    await other.next("ConnectionOpened");
    await alice.createTemplate({});
    await alice.account.syncDatawallet();
    await other.next("DatawalletModificationsCreated");
    await tablet.createTemplate({});
    await tablet.account.syncDatawallet();
    await stream.next("DatawalletModificationsCreated");
  });

  it("tell of the deletion process", async () => {
    const { identityDeletionProcess } = alice.account;
    const process = await identityDeletionProcess.initiateIdentityDeletionProcess();
    await stream.next("DeletionProcessStarted");
    await identityDeletionProcess.cancelIdentityDeletionProcess(process.id.toString());
    await stream.next("DeletionProcessCancelledByOwner");
  });

  it("tell of a backup device that logs in", async () => {
    const backup = await alice.createDevice(world, "backup", { isBackupDevice: true });
    assert.equal(backup.address, alice.address);
    await stream.next("BackupDeviceUsed");
  });

  it("end with the Backbone and can be opened again, for what comes then", async () => {
    await world.crashBackbone();
    await assert.rejects(stream.next("ExternalEventCreated"));
    const again = await EventStream.open(world, alice);
    await again.next("ConnectionOpened");
    await relatePeers(alice, await TypeScriptPeer.create(world, "carol"));
    await again.next("ExternalEventCreated");
  });
});
