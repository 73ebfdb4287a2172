import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";

import { connectorWithPeer, relateToConnector } from "../support/scenarios.mjs";
import { TypeScriptPeer } from "../support/typescript-peer.mjs";

const MESSAGE = { "@type": "ArbitraryMessageContent", value: "while terminated" };
const reasons = (relationship) => relationship.auditLog.map((entry) => entry.reason);

describe("a terminated relationship of a Connector and a TypeScript identity", () => {
  let context;
  let connector;
  let webhooks;
  let peer;
  let id;

  before(async () => {
    context = await connectorWithPeer("actions", "unused");
    ({ connector, webhooks } = context);
  });
  after(() => context?.world.stop());

  beforeEach(async () => {
    peer = await TypeScriptPeer.create(context.world, "peer");
    id = await relateToConnector(connector, peer);
    peer.takeEvents();
  });

  const route = (action) => `/Relationships/${id}/${action}`;
  const fetched = () => connector.get(`/Relationships/${id}`);
  const event = (name, reason) =>
    webhooks.event(`transport.${name}`, (data) => data.id === id && data.auditLog.at(-1).reason === reason);

  async function terminatedByConnector() {
    assert.equal((await connector.put(route("Terminate"))).status, "Terminated");
    await peer.sync();
  }

  it("is terminated by the Connector", async () => {
    await terminatedByConnector();
    assert.deepEqual(peer.takeEvents(), ["relationshipChanged"]);
    const relationship = await peer.relationship(id);
    assert.equal(relationship.status, "Terminated");
    assert.equal(relationship.auditLog.at(-1).createdBy.toString(), context.address);
    await event("relationshipChanged", "Termination");
    const error = await connector.refused("PUT", route("Terminate"), 400);
    assert.equal(error.code, "error.transport.relationships.wrongRelationshipStatus");
  });

  it("is terminated by the TypeScript identity", async () => {
    await peer.act("terminate", id);
    await connector.sync();
    const relationship = await fetched();
    assert.equal(relationship.status, "Terminated");
    assert.deepEqual(reasons(relationship), ["Creation", "AcceptanceOfCreation", "Termination"]);
    assert.equal(relationship.auditLog.at(-1).createdBy, peer.address);
    await event("relationshipChanged", "Termination");
  });

  it("is reactivated when the TypeScript identity accepts", async () => {
    await terminatedByConnector();
    assert.equal((await connector.put(route("Reactivate"))).status, "Terminated");
    await event("relationshipReactivationRequested", "ReactivationRequested");
    const again = await connector.refused("PUT", route("Reactivate"), 400);
    assert.equal(again.code, "error.transport.relationships.reactivationAlreadyRequested");
    const own = await connector.refused("PUT", route("Reactivate/Accept"), 400);
    assert.equal(own.code, "error.transport.relationships.operationOnlyAllowedForPeer");

    await peer.sync();
    await peer.act("acceptReactivation", id);
    await connector.sync();
    assert.equal((await fetched()).status, "Active");
    await event("relationshipReactivationCompleted", "AcceptanceOfReactivation");
    await event("relationshipChanged", "AcceptanceOfReactivation");
  });

  it("is reactivated when the Connector accepts", async () => {
    await terminatedByConnector();
    await peer.act("requestReactivation", id);
    await connector.sync();
    await event("relationshipReactivationRequested", "ReactivationRequested");
    assert.equal((await connector.put(route("Reactivate/Accept"))).status, "Active");
    await event("relationshipReactivationCompleted", "AcceptanceOfReactivation");
    peer.takeEvents();
    await peer.sync();
    assert.deepEqual(peer.takeEvents(), ["relationshipReactivationCompleted", "relationshipChanged"]);
    assert.equal((await peer.relationship(id)).status, "Active");
  });

  it("stays terminated when the one or the other rejects", async () => {
    await terminatedByConnector();
    await peer.act("requestReactivation", id);
    await connector.sync();
    assert.equal((await connector.put(route("Reactivate/Reject"))).status, "Terminated");
    await event("relationshipReactivationCompleted", "RejectionOfReactivation");
    await peer.sync();
    assert.equal((await peer.relationship(id)).auditLog.at(-1).reason, "RejectionOfReactivation");

    await connector.put(route("Reactivate"));
    await peer.sync();
    await peer.act("rejectReactivation", id);
    await connector.sync();
    const relationship = await fetched();
    assert.equal(relationship.status, "Terminated");
    const requested = "ReactivationRequested";
    const rejected = "RejectionOfReactivation";
    assert.deepEqual(reasons(relationship).slice(3), [requested, rejected, requested, rejected]);
  });

  it("stays terminated when the one or the other takes its request back", async () => {
    await terminatedByConnector();
    await connector.put(route("Reactivate"));
    assert.equal((await connector.put(route("Reactivate/Revoke"))).status, "Terminated");
    await peer.sync();
    assert.equal((await peer.relationship(id)).auditLog.at(-1).reason, "RevocationOfReactivation");

    await peer.act("requestReactivation", id);
    await peer.act("revokeReactivation", id);
    await connector.sync();
    assert.equal((await fetched()).auditLog.at(-1).reason, "RevocationOfReactivation");
    const error = await connector.refused("PUT", route("Reactivate/Accept"), 400);
    assert.equal(error.code, "error.transport.relationships.reactivationNotRequested");
  });

  it("delivers messages of the TypeScript identity only after the reactivation", async () => {
    await terminatedByConnector();
    const sent = [await peer.sendMessage([context.address], MESSAGE), await peer.sendMessage([context.address], MESSAGE)];
    await connector.sync();
    const received = async () => {
      const messages = await connector.get(`/Messages?createdBy=${encodeURIComponent(peer.address)}`);
      return messages.map((message) => message.id).sort();
    };
    assert.deepEqual(await received(), []);
    const error = await connector.refused("POST", "/Messages", 400, { recipients: [peer.address], content: MESSAGE });
    assert.equal(error.code, "error.runtime.messages.hasNoActiveRelationship");

    await peer.act("requestReactivation", id);
    await connector.sync();
    await connector.put(route("Reactivate/Accept"));
    await connector.sync();
    assert.deepEqual(await received(), sent.map((message) => message.id.toString()).sort());
    for (const { id: messageId } of sent) {
      await webhooks.event("transport.messageReceived", (data) => data.id === messageId.toString());
    }
  });
});

describe("a pending relationship of a Connector and a TypeScript identity", () => {
  let context;

  before(async () => {
    context = await connectorWithPeer("pending", "templator");
  });
  after(() => context?.world.stop());

  it("is revoked by the Connector, asked for again and rejected by the other side", async () => {
    const { connector, peer, webhooks } = context;
    const { reference } = await peer.createTemplate({ "@type": "ArbitraryRelationshipTemplateContent", value: {} });
    const { id: templateId } = await connector.post("/RelationshipTemplates/Peer", { reference: reference.truncate() });
    const creationContent = { "@type": "ArbitraryRelationshipCreationContent", value: {} };
    const request = async () => (await connector.post("/Relationships", { templateId, creationContent })).id;

    const first = await request();
    const accepted = await connector.refused("PUT", `/Relationships/${first}/Accept`, 400);
    assert.equal(accepted.code, "error.transport.relationships.operationOnlyAllowedForPeer");
    const second = await connector.refused("POST", "/Relationships", 400, { templateId, creationContent });
    assert.equal(second.code, "error.transport.relationships.relationshipCurrentlyExists");
    assert.equal((await connector.put(`/Relationships/${first}/Revoke`)).status, "Revoked");
    await peer.sync();
    assert.equal((await peer.relationship(first)).status, "Revoked");

    const again = await request();
    await peer.sync();
    await peer.rejectRelationship(again);
    await connector.sync();
    assert.equal((await connector.get(`/Relationships/${again}`)).status, "Rejected");
    await webhooks.event("transport.relationshipChanged", ({ id, status }) => id === again && status === "Rejected");
  });
});
