import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { connectorWithPeer } from "../support/scenarios.mjs";
import { inOneHour, TypeScriptPeer } from "../support/typescript-peer.mjs";

const MAIL = (to, subject, body) => ({ "@type": "Mail", to: [to], cc: [], subject, body });

/** What both roles can do once the relationship stands. */
function itExchangesMessages(context) {
  it("receives from the TypeScript side a message with attachments and fires the webhook", async () => {
    const { connector, peer, address, webhooks } = context();
    const bytes = Buffer.from(Uint8Array.from({ length: 70_000 }, (_, index) => index % 251));
    const file = await peer.sendFile({ name: "data ä.bin", type: "application/octet-stream", bytes, title: "Data" });
    const content = { "@type": "Mail", to: [address], cc: [], subject: "Grüße", body: "body \u2028 \ud83d\ude00" };
    const sent = await peer.sendMessage([address], content, [file]);
    await connector.sync();

    const id = sent.id.toString();
    const message = await connector.get(`/Messages/${id}`);
    assert.equal(message.createdBy, peer.address);
    assert.equal(message.isOwn, false);
    assert.equal(message.content.subject, "Grüße");
    assert.equal(message.content.body, content.body);
    assert.equal(message.attachments[0].filename, "data ä.bin");
    assert.equal(message.attachments[0].filesize, bytes.length);

    const attachment = `/Messages/${id}/Attachments/${file.id.toString()}`;
    const download = await connector.download(`${attachment}/Download`);
    assert.deepEqual(download.bytes, bytes);

    const delivery = await webhooks.delivered(({ body }) => body.trigger === "transport.messageReceived" && body.data.id === id);
    assert.deepEqual(Object.keys(delivery.body), ["data", "trigger"]);
    assert.equal(delivery.body.data.content.subject, "Grüße");
    assert.deepEqual(delivery.body.data.attachments, [file.id.toString()]);
  });

  it("sends to the TypeScript side messages with an attachment", async () => {
    const { connector, peer } = context();
    const bytes = Buffer.from("content of the Connector's file");
    const file = await connector.uploadFile({ name: "answer.txt", type: "text/plain", bytes, title: "Answer" });
    for (const [subject, attachments] of [
      ["first", [file.id]],
      ["second", []],
      ["third", []]
    ]) {
      await connector.post("/Messages", {
        recipients: [peer.address],
        content: MAIL(peer.address, subject, "body"),
        attachments
      });
    }

    const { messages } = await peer.sync();
    assert.deepEqual(
      messages.map((message) => message.content.toJSON().subject),
      ["first", "second", "third"]
    );
    assert.deepEqual(await peer.downloadFile(messages[0].attachments[0]), bytes);
  });

  it("never repeats a counter towards the peer", async () => {
    const { peer } = context();
    const received = await peer.account.messages.getReceivedMessages();
    const counters = received.map((message) => message.recipients[0].encryptedKey.counter);
    assert.equal(new Set(counters).size, counters.length);
    assert.ok(!counters.includes(0));
  });
}

describe("a Connector requests a relationship from a TypeScript identity", () => {
  let context;
  let relationshipId;

  before(async () => {
    context = await connectorWithPeer("requestor", "templator");
  });
  after(() => context?.world.stop());

  it("loads the template by its URL reference and sends the request", async () => {
    const { connector, peer } = context;
    const { reference } = await peer.createTemplate({ "@type": "ArbitraryRelationshipTemplateContent", value: { a: 1 } });
    const template = await connector.post("/RelationshipTemplates/Peer", { reference: reference.toUrl() });
    assert.deepEqual(template.content, { "@type": "ArbitraryRelationshipTemplateContent", value: { a: 1 } });
    assert.equal(template.createdBy, peer.address);

    const relationship = await connector.post("/Relationships", {
      templateId: template.id,
      creationContent: { "@type": "ArbitraryRelationshipCreationContent", value: { b: [2, "ü"] } }
    });
    assert.equal(relationship.status, "Pending");
    relationshipId = relationship.id;
  });

  it("becomes active when the TypeScript side accepts", async () => {
    const { connector, peer, address } = context;
    await peer.sync();
    const incoming = await peer.relationship(relationshipId);
    assert.equal(incoming.peer.address.toString(), address);
    assert.deepEqual(incoming.creationContent.toJSON(), {
      "@type": "ArbitraryRelationshipCreationContent",
      value: { b: [2, "ü"] }
    });
    await peer.acceptRelationship(relationshipId);
    await connector.sync();
    assert.equal((await connector.get(`/Relationships/${relationshipId}`)).status, "Active");
  });

  itExchangesMessages(() => context);
});

describe("a TypeScript identity requests a relationship from a Connector", () => {
  let context;
  let relationshipId;

  before(async () => {
    context = await connectorWithPeer("templator", "requestor");
  });
  after(() => context?.world.stop());

  it("loads the Connector's template through a token and sends the request", async () => {
    const { connector, peer } = context;
    const template = await connector.post("/RelationshipTemplates/Own", {
      content: { "@type": "ArbitraryRelationshipTemplateContent", value: "ünïcode" },
      expiresAt: inOneHour().toISOString(),
      maxNumberOfAllocations: 1
    });
    const token = await connector.post(`/RelationshipTemplates/Own/${template.id}/Token`, {});
    const loaded = await peer.loadToken(token.reference.url);
    const opened = await peer.account.relationshipTemplates.loadPeerRelationshipTemplateByTokenContent(loaded.content);
    assert.equal(opened.id.toString(), template.id);
    assert.deepEqual(opened.content.toJSON(), { "@type": "ArbitraryRelationshipTemplateContent", value: "ünïcode" });

    const creationContent = { "@type": "ArbitraryRelationshipCreationContent", value: {} };
    relationshipId = (await peer.requestRelationship(opened, creationContent)).id.toString();
  });

  it("becomes active when the Connector accepts", async () => {
    const { connector, peer, webhooks } = context;
    await connector.sync();
    const pending = await connector.get(`/Relationships/${relationshipId}`);
    assert.equal(pending.status, "Pending");
    assert.equal(pending.peer, peer.address);
    const changed = await webhooks.delivered(({ body }) => body.trigger === "transport.relationshipChanged");
    assert.equal(changed.body.data.id, relationshipId);

    assert.equal((await connector.put(`/Relationships/${relationshipId}/Accept`)).status, "Active");
    await peer.sync();
    assert.equal((await peer.relationship(relationshipId)).status, "Active");
  });

  itExchangesMessages(() => context);

  it("is told of a rejected and of a revoked request", async () => {
    const { connector, world } = context;
    const other = await TypeScriptPeer.create(world, "other");
    const template = await connector.post("/RelationshipTemplates/Own", {
      content: { "@type": "ArbitraryRelationshipTemplateContent", value: {} },
      expiresAt: inOneHour().toISOString()
    });
    const loaded = await other.loadTemplate(template.reference.truncated);

    const revoked = await other.requestRelationship(loaded, {});
    await other.revokeRelationship(revoked.id);
    await connector.sync();
    assert.equal((await connector.get(`/Relationships/${revoked.id.toString()}`)).status, "Revoked");

    const rejected = await other.requestRelationship(loaded, {});
    await connector.sync();
    await connector.put(`/Relationships/${rejected.id.toString()}/Reject`);
    await other.sync();
    assert.equal((await other.relationship(rejected.id)).status, "Rejected");
  });
});

describe("tokens, files, protected templates and challenges between a Connector and a TypeScript identity", () => {
  let context;

  before(async () => {
    context = await connectorWithPeer("sharing", "sharing-peer");
  });
  after(() => context?.world.stop());

  it("reads a file of the other side by reference, both ways", async () => {
    const { connector, peer } = context;
    const bytes = Buffer.from("a shared file");
    const own = await connector.uploadFile({ name: "shared.txt", type: "text/plain", bytes, title: "Shared" });
    const loaded = await peer.loadFile(own.reference.url);
    assert.equal(loaded.filename, "shared.txt");
    assert.deepEqual(await peer.downloadFile(loaded.id), bytes);

    const theirs = await peer.sendFile({ name: "theirs.txt", type: "text/plain", bytes, title: "Theirs" });
    const reference = theirs.toFileReference(peer.transport.config.baseUrl).truncate();
    const file = await connector.post("/Files/Peer", { reference });
    assert.equal(file.title, "Theirs");
    assert.deepEqual((await connector.download(`/Files/${file.id}/Download`)).bytes, bytes);
  });

  it("opens a password-protected token of the other side, both ways", async () => {
    const { connector, peer } = context;
    const token = await connector.post("/Tokens/Own", {
      content: { any: ["thing", 1] },
      expiresAt: inOneHour().toISOString(),
      passwordProtection: { password: "pässword" }
    });
    await assert.rejects(peer.loadToken(token.reference.url), /noPasswordProvided/);
    assert.deepEqual((await peer.loadToken(token.reference.url, "pässword")).content.toJSON(), { any: ["thing", 1] });

    const theirs = await peer.account.tokens.sendToken({
      content: { from: "TypeScript" },
      expiresAt: inOneHour(),
      ephemeral: true,
      passwordProtection: { passwordType: "pin6", password: "123456" }
    });
    const reference = theirs.toTokenReference(peer.transport.config.baseUrl).toUrl();
    const loaded = await connector.post("/Tokens/Peer", { reference, password: "123456", ephemeral: true });
    assert.deepEqual(loaded.content, { from: "TypeScript" });
  });

  it("opens a PIN-protected template of the other side, both ways", async () => {
    const { connector, peer } = context;
    const own = await connector.post("/RelationshipTemplates/Own", {
      content: { "@type": "ArbitraryRelationshipTemplateContent", value: 1 },
      expiresAt: inOneHour().toISOString(),
      passwordProtection: { password: "4711", passwordIsPin: true }
    });
    assert.equal((await peer.loadTemplate(own.reference.url, "4711")).id.toString(), own.id);

    const { reference } = await peer.createTemplate(
      { "@type": "ArbitraryRelationshipTemplateContent", value: 2 },
      { passwordProtection: { passwordType: "pw", password: "geheim" } }
    );
    const body = { reference: reference.truncate(), password: "geheim" };
    assert.equal((await connector.post("/RelationshipTemplates/Peer", body)).content.value, 2);
  });

  it("keeps everything over a kill and a restart", async () => {
    const { connector } = context;
    const before = await connector.get("/Account/IdentityInfo");
    const files = await connector.get("/Files");
    await connector.kill();
    await connector.run();
    assert.deepEqual(await connector.get("/Account/IdentityInfo"), before);
    assert.deepEqual(await connector.get("/Files"), files);
  });
});
