import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";

import { eventually } from "../support/eventually.mjs";
import { connectorWithPeer, relateToConnector } from "../support/scenarios.mjs";
import { TypeScriptPeer } from "../support/typescript-peer.mjs";

const CONTENT = { "@type": "ArbitraryMessageContent", value: 1 };

describe("the deletion of a TypeScript identity that a Connector knows", () => {
  let context;
  let connector;
  let webhooks;
  let peer;
  let id;

  before(async () => {
    context = await connectorWithPeer("mourner", "unused");
    ({ connector, webhooks } = context);
  });
  after(() => context?.world.stop());

  beforeEach(async () => {
    peer = await TypeScriptPeer.create(context.world, "peer");
    id = await relateToConnector(connector, peer);
  });

  const event = (name) => webhooks.event(`transport.${name}`, (data) => data.id === id);
  const relationship = () => connector.get(`/Relationships/${id}`);
  const refusedMessage = async () => {
    const body = { recipients: [peer.address], content: CONTENT };
    return (await connector.refused("POST", "/Messages", 400, body)).code;
  };

  it("is announced, keeps messages from being sent to it, and is cancelled", async () => {
    const { identityDeletionProcess } = peer.account;
    const process = await identityDeletionProcess.initiateIdentityDeletionProcess(2);
    await connector.sync();
    const info = { deletionStatus: "ToBeDeleted", deletionDate: process.gracePeriodEndsAt.toISOString() };
    assert.deepEqual((await relationship()).peerDeletionInfo, info);
    assert.deepEqual((await event("peerToBeDeleted")).peerDeletionInfo, info);
    assert.equal(await refusedMessage(), "error.runtime.messages.peerIsInDeletion");

    await identityDeletionProcess.cancelIdentityDeletionProcess(process.id.toString());
    await connector.sync();
    assert.equal((await relationship()).peerDeletionInfo, undefined);
    assert.equal((await event("peerDeletionCancelled")).peerDeletionInfo, undefined);
    const sent = await connector.post("/Messages", { recipients: [peer.address], content: CONTENT });
    assert.equal((await peer.sync()).messages[0].id.toString(), sent.id);
  });

  it("keeps the Connector from asking it for a relationship", async () => {
    const other = await TypeScriptPeer.create(context.world, "other");
    const { reference } = await other.createTemplate({ "@type": "ArbitraryRelationshipTemplateContent", value: {} });
    const { id: templateId } = await connector.post("/RelationshipTemplates/Peer", { reference: reference.truncate() });
    await other.account.identityDeletionProcess.initiateIdentityDeletionProcess();
    const creationContent = { "@type": "ArbitraryRelationshipCreationContent", value: {} };
    const code = "error.transport.relationships.activeIdentityDeletionProcessOfOwnerOfRelationshipTemplate";
    assert.equal((await connector.put("/Relationships/CanCreate", { templateId })).code, code);
    assert.equal((await connector.refused("POST", "/Relationships", 400, { templateId, creationContent })).code, code);
  });

  it("leaves a relationship that the Connector can only decompose when it is carried out", async () => {
    const { reference } = await peer.createTemplate({ "@type": "ArbitraryRelationshipTemplateContent", value: {} });
    await connector.post("/RelationshipTemplates/Peer", { reference: reference.truncate() });
    const sent = await peer.sendMessage([context.address], CONTENT);
    await connector.sync();
    await peer.account.identityDeletionProcess.initiateIdentityDeletionProcess(0);
    // A Backbone that starts looks for identities whose time is over.
    await context.world.crashBackbone();
    await eventually(async () => {
      await connector.sync();
      assert.equal((await relationship()).status, "DeletionProposed");
    });

    assert.equal((await event("peerDeleted")).peerDeletionInfo.deletionStatus, "Deleted");
    const { peerDeletionInfo, auditLog } = await relationship();
    assert.equal(peerDeletionInfo.deletionStatus, "Deleted");
    assert.equal(auditLog.at(-1).reason, "DecompositionDueToIdentityDeletion");
    assert.equal(auditLog.at(-1).createdByDevice, undefined);
    assert.equal(await refusedMessage(), "error.runtime.messages.hasNoActiveRelationship");

    assert.equal((await connector.get(`/Messages/${sent.id.toString()}`)).createdBy, peer.address);
    await connector.delete(`/Relationships/${id}`);
    await connector.refused("GET", `/Messages/${sent.id.toString()}`, 404);
    const error = await connector.refused("POST", "/RelationshipTemplates/Peer", 404, { reference: reference.truncate() });
    assert.equal(error.code, "error.runtime.recordNotFound");
  });
});
