import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { SyncClient } from "@nmshd/transport";

import { eventually } from "../support/eventually.mjs";
import { World } from "../support/processes.mjs";
import { relatePeers } from "../support/scenarios.mjs";
import { TypeScriptPeer } from "../support/typescript-peer.mjs";

const SYNC_RUN_SECONDS = 1;

describe("TypeScript identities on a Backbone that is killed", () => {
  let world;
  let alice;
  let bob;
  let id;

  before(async () => {
    world = await World.create();
    alice = await TypeScriptPeer.create(world, "alice");
    bob = await TypeScriptPeer.create(world, "bob");
    id = await relatePeers(alice, bob);
  });
  after(() => world?.stop());

  it("find everything it had confirmed, with the tokens of before", async () => {
    const bytes = Buffer.from(Uint8Array.from({ length: 200_000 }, (_, index) => index % 253));
    const file = await alice.sendFile({ name: "f", type: "text/plain", bytes, title: "Before" });
    const { reference } = await alice.createTemplate({ made: "before" }, { maxNumberOfAllocations: 1 });
    const sent = await alice.sendMessage([bob.address], { text: "before" }, [file]);
    await world.crashBackbone();

    const { messages } = await bob.sync();
    assert.equal(messages[0].id.toString(), sent.id.toString());
    assert.deepEqual(await bob.downloadFile(file.id), bytes);
    assert.deepEqual((await bob.loadTemplate(reference.truncate())).content.toJSON(), { made: "before" });
    await world.crashBackbone();
    const carol = await TypeScriptPeer.create(world, "carol");
    await assert.rejects(carol.loadTemplate(reference.truncate()), {
      code: "error.platform.validation.relationshipTemplate.maxNumberOfAllocationsExhausted"
    });
  });

  it("are not told twice what they had finished", async () => {
    await alice.sendMessage([bob.address], { text: "once" });
    assert.equal((await bob.sync()).messages.length, 1);
    await world.crashBackbone();
    assert.deepEqual((await bob.sync()).messages, []);
  });

  it("are told again what they had not finished", async () => {
    const sent = await alice.sendMessage([bob.address], { text: "again" });
    const client = new SyncClient(bob.transport.config, bob.account.authenticator);
    const run = await client.startSyncRun({ type: "ExternalEventSync", duration: SYNC_RUN_SECONDS });
    assert.equal(run.value.status, "Created");
    await world.crashBackbone();
    await assert.rejects(bob.sync(), {
      code: "error.platform.validation.syncRun.cannotStartSyncRunWhenAnotherSyncRunIsRunning"
    });
    const { messages } = await eventually(() => bob.sync());
    assert.equal(messages[0].id.toString(), sent.id.toString());
  });

  it("fail while it is away and go on afterwards", async () => {
    const { port } = world.backbone;
    await world.backbone.kill();
    await assert.rejects(alice.sendMessage([bob.address], { text: "nobody listens" }), (error) =>
      /^error\.transport\.request\./.test(error.code)
    );
    await assert.rejects(bob.act("terminate", id));
    await world.startBackbone(port);

    assert.equal((await bob.relationship(id)).status, "Active");
    await bob.act("terminate", id);
    await world.crashBackbone();
    await alice.sync();
    assert.equal((await alice.relationship(id)).status, "Terminated");
    await assert.rejects(alice.act("revokeReactivation", id), {
      code: "error.transport.relationships.reactivationNotRequested"
    });
  });
});
