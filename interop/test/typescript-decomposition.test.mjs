import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";

import { World } from "../support/processes.mjs";
import { relatePeers } from "../support/scenarios.mjs";
import { inOneHour, TypeScriptPeer } from "../support/typescript-peer.mjs";

/** The address that replaces a peer whose relationship is gone, for the host name `localhost` (`docs/protocol/02 §9.9`). */
const PSEUDONYM = "did:e:localhost:dids:47ad141f0bbbef348bed51";

describe("a decomposed relationship of two TypeScript identities", () => {
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
    id = await relatePeers(alice, bob, { maxNumberOfAllocations: 1 });
  });

  async function terminated() {
    await alice.act("terminate", id);
    await bob.sync();
  }

  it("must be terminated before", async () => {
    await assert.rejects(alice.act("decompose", id), { code: "error.transport.relationships.wrongRelationshipStatus" });
  });

  it("disappears on the one side and is proposed for deletion on the other", async () => {
    await terminated();
    bob.takeEvents();
    alice.takeEvents();
    await alice.decomposeRelationship(id);
    assert.equal(await alice.relationship(id), undefined);
    assert.deepEqual(alice.takeEvents(), ["relationshipDecomposedBySelf"]);

    await bob.sync();
    const relationship = await bob.relationship(id);
    assert.equal(relationship.status, "DeletionProposed");
    assert.equal(relationship.auditLog.at(-1).reason, "Decomposition");
    assert.deepEqual(bob.takeEvents(), ["relationshipChanged"]);
    await assert.rejects(bob.sendMessage([alice.address], {}), {
      code: "error.transport.messages.hasNeitherActiveNorTerminatedRelationship"
    });
    await assert.rejects(bob.act("requestReactivation", id), {
      code: "error.transport.relationships.wrongRelationshipStatus"
    });
  });

  it("merges termination and decomposition before one sync into one change", async () => {
    bob.takeEvents();
    await alice.act("terminate", id);
    await alice.decomposeRelationship(id);
    const { relationships } = await bob.sync();
    assert.deepEqual(
      relationships.map((relationship) => relationship.status),
      ["DeletionProposed", "DeletionProposed"]
    );
    assert.deepEqual(bob.takeEvents(), ["relationshipChanged"]);
  });

  it("takes everything of the peer along on the side that decomposes", async () => {
    const received = await bob.sendMessage([alice.address], { text: "to Alice" });
    await alice.sync();
    await alice.sendMessage([bob.address], { text: "to Bob" });
    const token = await bob.account.tokens.sendToken({ content: { a: 1 }, expiresAt: inOneHour(), ephemeral: true });
    const reference = token.toTokenReference(bob.transport.config.baseUrl);
    await alice.account.tokens.loadPeerTokenByReference(reference, false);
    assert.equal((await alice.account.messages.getMessages()).length, 2);

    await terminated();
    await alice.decomposeRelationship(id);
    assert.deepEqual(await alice.account.messages.getMessages(), []);
    assert.deepEqual(await alice.account.tokens.getTokens(), []);
    assert.deepEqual(await alice.account.relationshipTemplates.getRelationshipTemplates(), []);
    assert.equal((await bob.account.messages.getMessage(received.id)).content.toJSON().text, "to Alice");
  });

  it("makes a pseudonym of the peer in a message that others got too", async () => {
    const carol = await TypeScriptPeer.create(world, "carol");
    await relatePeers(alice, carol);
    const { id: messageId } = await alice.sendMessage([bob.address, carol.address], { text: "to both" });
    await bob.sync();
    await carol.sync();
    await terminated();
    await alice.decomposeRelationship(id);

    const message = await alice.account.messages.getMessage(messageId);
    assert.deepEqual(
      message.recipients.map((recipient) => recipient.address.toString()).sort(),
      [PSEUDONYM, carol.address].sort()
    );
    const [updated] = await alice.account.messages.updateBackboneData([messageId.toString()]);
    assert.deepEqual(
      updated.recipients.map((recipient) => recipient.address.toString()).sort(),
      [PSEUDONYM, carol.address].sort()
    );
    assert.equal((await carol.account.messages.getMessage(messageId)).content.toJSON().text, "to both");
  });

  it("does not deliver what was sent and not fetched before", async () => {
    await bob.sendMessage([alice.address], { text: "never fetched" });
    await alice.act("terminate", id);
    await alice.decomposeRelationship(id);
    assert.deepEqual((await alice.sync()).messages, []);
  });

  it("does not block later syncs when both sides decomposed before the event was read", async () => {
    await terminated();
    await bob.act("requestReactivation", id);
    await bob.act("revokeReactivation", id);
    await alice.decomposeRelationship(id);
    await bob.sync();
    await bob.decomposeRelationship(id);
    assert.deepEqual((await alice.sync()).relationships, []);
    assert.deepEqual((await bob.sync()).relationships, []);
  });

  it("gives room for a new one only when both sides decomposed", async () => {
    await terminated();
    await alice.decomposeRelationship(id);
    const { reference } = await bob.createTemplate({});
    const template = await alice.loadTemplate(reference.truncate());
    await assert.rejects(alice.requestRelationship(template, {}), {
      code: "error.transport.relationships.relationshipNotYetDecomposedByPeer"
    });

    await bob.sync();
    await bob.decomposeRelationship(id);
    assert.equal(await bob.relationship(id), undefined);

    const renewed = await relatePeers(bob, alice);
    assert.notEqual(renewed, id);
    for (const [sender, recipient] of [
      [alice, bob],
      [bob, alice]
    ]) {
      const sent = await sender.sendMessage([recipient.address], { text: "a new start" });
      const { messages } = await recipient.sync();
      assert.deepEqual(
        messages.map((message) => message.id.toString()),
        [sent.id.toString()]
      );
    }
  });
});
