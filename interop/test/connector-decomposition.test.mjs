import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";

import { connectorWithPeer, relateToConnector } from "../support/scenarios.mjs";
import { inOneHour, TypeScriptPeer } from "../support/typescript-peer.mjs";

/** The address that replaces a peer whose relationship is gone, for the host name `localhost` (`docs/protocol/02 §9.9`). */
const PSEUDONYM = "did:e:localhost:dids:47ad141f0bbbef348bed51";
const CONTENT = { "@type": "ArbitraryMessageContent", value: 1 };

describe("a decomposed relationship of a Connector and a TypeScript identity", () => {
  let context;
  let connector;
  let webhooks;
  let address;
  let peer;
  let id;

  before(async () => {
    context = await connectorWithPeer("decomposing", "unused");
    ({ connector, webhooks, address } = context);
  });
  after(() => context?.world.stop());

  beforeEach(async () => {
    peer = await TypeScriptPeer.create(context.world, "peer");
    id = await relateToConnector(connector, peer);
    peer.takeEvents();
  });

  const send = (recipients) => connector.post("/Messages", { recipients, content: CONTENT });
  const messagesWith = (participant) => connector.get(`/Messages?participant=${encodeURIComponent(participant)}`);

  async function terminated() {
    await connector.put(`/Relationships/${id}/Terminate`);
    await peer.sync();
  }

  it("must be terminated before", async () => {
    const error = await connector.refused("DELETE", `/Relationships/${id}`, 400);
    assert.equal(error.code, "error.transport.relationships.wrongRelationshipStatus");
  });

  it("is gone at the Connector and proposed for deletion at the TypeScript identity", async () => {
    await terminated();
    await connector.delete(`/Relationships/${id}`);
    await connector.refused("GET", `/Relationships/${id}`, 404);
    await webhooks.event("transport.relationshipDecomposedBySelf", (data) => data.relationshipId === id);
    peer.takeEvents();
    await peer.sync();
    assert.deepEqual(peer.takeEvents(), ["relationshipChanged"]);
    assert.equal((await peer.relationship(id)).status, "DeletionProposed");

    await peer.decomposeRelationship(id);
    await connector.sync();
    await relateToConnector(connector, peer);
    const sent = await send([peer.address]);
    assert.equal((await peer.sync()).messages[0].id.toString(), sent.id);
  });

  it("is proposed for deletion at the Connector when the TypeScript identity decomposes", async () => {
    await peer.act("terminate", id);
    await peer.decomposeRelationship(id);
    await connector.sync();
    const relationship = await connector.get(`/Relationships/${id}`);
    assert.equal(relationship.status, "DeletionProposed");
    assert.equal(relationship.auditLog.at(-1).reason, "Decomposition");
    await webhooks.event("transport.relationshipChanged", (data) => data.id === id && data.status === "DeletionProposed");
    const reactivation = await connector.refused("PUT", `/Relationships/${id}/Reactivate`, 400);
    assert.equal(reactivation.code, "error.transport.relationships.wrongRelationshipStatus");

    const { reference } = await peer.createTemplate({ "@type": "ArbitraryRelationshipTemplateContent", value: {} });
    const template = await connector.post("/RelationshipTemplates/Peer", { reference: reference.truncate() });
    const check = { templateId: template.id };
    const current = await connector.put("/Relationships/CanCreate", check);
    assert.equal(current.code, "error.transport.relationships.relationshipCurrentlyExists");
    await connector.delete(`/Relationships/${id}`);
    // Decomposing takes the templates of the peer along.
    await connector.post("/RelationshipTemplates/Peer", { reference: reference.truncate() });
    assert.deepEqual(await connector.put("/Relationships/CanCreate", check), { isSuccess: true });
  });

  it("can not be renewed while the TypeScript identity has not decomposed", async () => {
    const { reference } = await peer.createTemplate({ "@type": "ArbitraryRelationshipTemplateContent", value: {} });
    await terminated();
    await connector.delete(`/Relationships/${id}`);
    const { id: templateId } = await connector.post("/RelationshipTemplates/Peer", { reference: reference.truncate() });
    const refusal = await connector.put("/Relationships/CanCreate", { templateId });
    assert.equal(refusal.isSuccess, false);
    assert.equal(refusal.code, "error.transport.relationships.relationshipNotYetDecomposedByPeer");
  });

  it("takes the messages, tokens and templates of the peer along", async () => {
    const { id: sent } = await send([peer.address]);
    const { id: received } = await peer.sendMessage([address], CONTENT);
    const token = await peer.account.tokens.sendToken({ content: { a: 1 }, expiresAt: inOneHour(), ephemeral: true });
    const { id: tokenId } = await connector.post("/Tokens/Peer", {
      reference: token.toTokenReference(context.world.backboneUrl).truncate()
    });
    const { reference } = await peer.createTemplate({ "@type": "ArbitraryRelationshipTemplateContent", value: {} });
    const template = await connector.post("/RelationshipTemplates/Peer", { reference: reference.truncate() });
    await connector.sync();
    const all = await messagesWith(peer.address);
    assert.deepEqual(all.map((message) => message.id).sort(), [sent, received.toString()].sort());

    await terminated();
    await connector.delete(`/Relationships/${id}`);
    for (const route of [
      `/Messages/${sent}`,
      `/Messages/${received.toString()}`,
      `/Tokens/${tokenId}`,
      `/RelationshipTemplates/${template.id}`
    ]) {
      const error = await connector.refused("GET", route, 404);
      assert.equal(error.code, "error.runtime.recordNotFound");
    }
  });

  it("leaves a pseudonym in a message that others got too", async () => {
    const other = await TypeScriptPeer.create(context.world, "other");
    const otherRelationship = await relateToConnector(connector, other);
    const { id: messageId } = await send([peer.address, other.address]);
    await peer.sync();
    await other.sync();
    await terminated();
    await connector.delete(`/Relationships/${id}`);

    const { recipients } = await connector.get(`/Messages/${messageId}`);
    assert.deepEqual(
      recipients.map((recipient) => recipient.address).sort(),
      [PSEUDONYM, other.address].sort()
    );
    assert.deepEqual(
      recipients.map((recipient) => recipient.relationshipId).filter(Boolean),
      [otherRelationship]
    );
    assert.deepEqual(await messagesWith(peer.address), []);

    await other.act("terminate", otherRelationship);
    await connector.sync();
    await connector.delete(`/Relationships/${otherRelationship}`);
    await connector.refused("GET", `/Messages/${messageId}`, 404);
  });

  it("does not disturb later syncs when events of it were still to come", async () => {
    await peer.sendMessage([address], CONTENT);
    await peer.act("terminate", id);
    await peer.act("requestReactivation", id);
    await peer.act("revokeReactivation", id);
    await connector.put(`/Relationships/${id}/Terminate`).then(
      () => assert.fail("the Backbone knows that it is terminated"),
      (error) => assert.match(error.message, /relationshipIsNotInCorrectStatus/)
    );
    await connector.sync();
    await connector.delete(`/Relationships/${id}`);
    await connector.sync();
    const renewed = await TypeScriptPeer.create(context.world, "somebody else");
    await relateToConnector(connector, renewed);
    await renewed.sendMessage([address], CONTENT);
    await connector.sync();
    assert.equal((await messagesWith(renewed.address)).length, 1);
  });
});
