import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";

import { World } from "../support/processes.mjs";
import { relatePeers } from "../support/scenarios.mjs";
import { TypeScriptPeer } from "../support/typescript-peer.mjs";

const reasons = (relationship) => relationship.auditLog.map((entry) => entry.reason);
const texts = (messages) => messages.map((message) => message.content.toJSON().text);

describe("a terminated relationship of two TypeScript identities", () => {
  let world;
  let alice;
  let bob;
  let id;

  before(async () => {
    world = await World.create();
  });
  after(() => world?.stop());

  beforeEach(async () => {
    alice = await TypeScriptPeer.create(world, "alice");
    bob = await TypeScriptPeer.create(world, "bob");
    id = await relatePeers(alice, bob);
    assert.equal((await alice.act("terminate", id)).status, "Terminated");
    await bob.sync();
    alice.takeEvents();
    bob.takeEvents();
  });

  it("is known to both with the whole history", async () => {
    for (const peer of [alice, bob]) {
      const relationship = await peer.relationship(id);
      assert.equal(relationship.status, "Terminated");
      assert.deepEqual(reasons(relationship), ["Creation", "AcceptanceOfCreation", "Termination"]);
      const { createdBy, oldStatus, newStatus } = relationship.auditLog.at(-1);
      assert.deepEqual([createdBy.toString(), oldStatus, newStatus], [alice.address, "Active", "Terminated"]);
    }
    await assert.rejects(bob.act("terminate", id), { code: "error.transport.relationships.wrongRelationshipStatus" });
  });

  it("becomes active when the other side accepts the reactivation", async () => {
    const requested = await bob.act("requestReactivation", id);
    assert.equal(requested.status, "Terminated");
    assert.deepEqual(bob.takeEvents(), ["relationshipChanged", "relationshipReactivationRequested"]);
    await alice.sync();
    assert.deepEqual(alice.takeEvents(), ["relationshipReactivationRequested", "relationshipChanged"]);

    assert.equal((await alice.act("acceptReactivation", id)).status, "Active");
    await bob.sync();
    assert.deepEqual(bob.takeEvents(), ["relationshipReactivationCompleted", "relationshipChanged"]);
    const relationship = await bob.relationship(id);
    assert.equal(relationship.status, "Active");
    assert.deepEqual(reasons(relationship).slice(3), ["ReactivationRequested", "AcceptanceOfReactivation"]);
  });

  it("stays terminated when the other side rejects, and can be asked for again", async () => {
    await bob.act("requestReactivation", id);
    await alice.sync();
    assert.equal((await alice.act("rejectReactivation", id)).status, "Terminated");
    await bob.sync();
    assert.deepEqual(bob.takeEvents().slice(2), ["relationshipReactivationCompleted", "relationshipChanged"]);
    assert.equal((await bob.relationship(id)).status, "Terminated");

    await alice.act("requestReactivation", id);
    await bob.sync();
    await bob.act("acceptReactivation", id);
    await alice.sync();
    assert.equal((await alice.relationship(id)).status, "Active");
  });

  it("stays terminated when the requester takes the request back", async () => {
    await bob.act("requestReactivation", id);
    await alice.sync();
    assert.equal((await bob.act("revokeReactivation", id)).status, "Terminated");
    await alice.sync();
    assert.deepEqual(reasons(await alice.relationship(id)).slice(3), ["ReactivationRequested", "RevocationOfReactivation"]);
    await assert.rejects(alice.act("acceptReactivation", id), {
      code: "error.transport.relationships.reactivationNotRequested"
    });
  });

  it("lets neither the wrong side nor a stale view decide", async () => {
    await bob.act("requestReactivation", id);
    await assert.rejects(bob.act("acceptReactivation", id), {
      code: "error.transport.relationships.operationOnlyAllowedForPeer"
    });
    // Alice has not synchronised: the Backbone refuses her second request.
    await assert.rejects(alice.act("requestReactivation", id), {
      code: "error.platform.validation.relationship.cannotRequestReactivationWhenThereIsAnOpenReactivationRequest"
    });
    await alice.sync();
    await alice.act("acceptReactivation", id);
    await assert.rejects(bob.act("revokeReactivation", id), {
      code: "error.platform.validation.relationship.noRevocableReactivationRequestExists"
    });
  });

  it("delivers its messages only after the reactivation, in the order of sending", async () => {
    await bob.sendMessage([alice.address], { text: "first" });
    await alice.sendMessage([bob.address], { text: "other way" });
    await bob.sendMessage([alice.address], { text: "second" });
    assert.deepEqual((await alice.sync()).messages, []);
    assert.deepEqual((await bob.sync()).messages, []);

    await bob.act("requestReactivation", id);
    assert.deepEqual((await alice.sync()).messages, []);
    await alice.act("acceptReactivation", id);
    assert.deepEqual(texts((await alice.sync()).messages), ["first", "second"]);
    const { messages, relationships } = await bob.sync();
    assert.deepEqual(texts(messages), ["other way"]);
    assert.equal(relationships[0].status, "Active");
    assert.deepEqual(bob.takeEvents().slice(-3), [
      "messageReceived",
      "relationshipReactivationCompleted",
      "relationshipChanged"
    ]);
  });

  it("keeps messages of the time before readable", async () => {
    const early = await TypeScriptPeer.create(world, "early");
    const relationship = await relatePeers(alice, early);
    const sent = await early.sendMessage([alice.address], { text: "before the end" });
    await alice.act("terminate", relationship);
    assert.deepEqual(texts((await alice.sync()).messages), ["before the end"]);
    assert.equal((await early.account.messages.getMessage(sent.id)).content.toJSON().text, "before the end");
  });
});
