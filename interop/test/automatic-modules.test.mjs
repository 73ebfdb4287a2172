import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { eventually } from "../support/eventually.mjs";
import { WebhookReceiver, World } from "../support/processes.mjs";
import { inOneHour, TypeScriptPeer } from "../support/typescript-peer.mjs";

const TODAY = {
  sse: { enabled: true },
  autoAcceptPendingRelationships: { enabled: true },
  autoDecomposeDeletionProposedRelationships: { enabled: true }
};
const FORMERLY = {
  sync: { enabled: true, interval: 1 },
  autoAcceptRelationshipCreationChanges: { enabled: true, responseContent: { welcome: ["to", "us"] } },
  autoDecomposeDeletionProposedRelationships: { enabled: true }
};

for (const [names, modules] of [
  ["the names of today", TODAY],
  ["former names", FORMERLY]
]) {
  describe(`a Connector with automatic modules under ${names} and a TypeScript identity`, () => {
    let world;
    let webhooks;
    let connector;
    let address;
    let peer;
    let id;

    before(async () => {
      world = await World.create();
      webhooks = await WebhookReceiver.start();
      world.onStop(() => webhooks.stop());
      connector = await world.startConnector("automatic", {
        ...modules,
        webhooks: { enabled: true, webhooks: [{ triggers: ["transport.*"], target: { url: webhooks.url } }] }
      });
      ({ address } = await connector.get("/Account/IdentityInfo"));
      peer = await TypeScriptPeer.create(world, "peer");
    });
    after(() => world?.stop());

    async function request() {
      const content = { "@type": "ArbitraryRelationshipTemplateContent", value: {} };
      const own = await connector.post("/RelationshipTemplates/Own", { content, expiresAt: inOneHour().toISOString() });
      const template = await peer.loadTemplate(own.reference.truncated);
      const creationContent = { "@type": "ArbitraryRelationshipCreationContent", value: {} };
      return (await peer.requestRelationship(template, creationContent)).id.toString();
    }

    async function accepted() {
      await eventually(async () => {
        await peer.sync();
        assert.equal((await peer.relationship(id)).status, "Active");
      });
    }

    it("accepts what the peer requests, in a way the peer understands", async () => {
      id = await request();
      await accepted();
      const { auditLog } = await connector.get(`/Relationships/${id}`);
      assert.deepEqual(
        auditLog.map((entry) => entry.reason),
        ["Creation", "AcceptanceOfCreation"]
      );
    });

    it("can be written to and writes", async () => {
      const content = { "@type": "ArbitraryMessageContent", value: "both ways" };
      const received = (await peer.sendMessage([address], content)).id.toString();
      await webhooks.event("transport.messageReceived", (data) => data.id === received);
      const sent = await connector.post("/Messages", { recipients: [peer.address], content });
      assert.equal((await peer.sync()).messages[0].id.toString(), sent.id);
    });

    it("decomposes what the peer decomposed, and accepts it anew", async () => {
      const content = { "@type": "ArbitraryMessageContent", value: "farewell" };
      const farewell = (await peer.sendMessage([address], content)).id.toString();
      await peer.act("terminate", id);
      await peer.decomposeRelationship(id);
      await webhooks.event("transport.relationshipDecomposedBySelf", (data) => data.relationshipId === id);
      await webhooks.event("transport.messageReceived", (data) => data.id === farewell);
      await connector.refused("GET", `/Relationships/${id}`, 404);
      id = await request();
      await accepted();
    });
  });
}
