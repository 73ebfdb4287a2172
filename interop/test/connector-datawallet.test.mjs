import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, describe, it } from "node:test";

import { CoreId } from "@nmshd/core-types";

import { World } from "../support/processes.mjs";
import { relateToConnector } from "../support/scenarios.mjs";
import { inOneHour, TypeScriptPeer } from "../support/typescript-peer.mjs";

const content = (value) => ({ "@type": "ArbitraryMessageContent", value });
const ids = (objects) => objects.map(({ id }) => id.toString()).sort();

/** A library object as it is stored. */
const plain = (object) => JSON.parse(JSON.stringify(object.toJSON()));

describe("a Connector with a datawallet and a TypeScript device of the same identity", () => {
  let world;
  let connector;
  let peer;
  let device;
  let relationshipId;
  let file;
  let token;
  let sent;
  let received;

  before(async () => {
    world = await World.create();
    connector = await world.startConnector("desk", {}, {}, { transportLibrary: { datawalletEnabled: true } });
    peer = await TypeScriptPeer.create(world, "peer");
    relationshipId = await relateToConnector(connector, peer);
    const { address } = await connector.get("/Account/IdentityInfo");
    file = await connector.uploadFile({ name: "a.txt", type: "text/plain", bytes: Buffer.from("content"), title: "A" });
    token = await connector.post("/Tokens/Own", {
      content: { a: 1 },
      expiresAt: inOneHour().toISOString(),
      ephemeral: false,
      passwordProtection: { password: "secret" }
    });
    sent = await connector.post("/Messages", {
      recipients: [peer.address],
      content: content("from the Connector"),
      attachments: [file.id]
    });
    received = await peer.sendMessage([address], content("to the Connector"));
    await connector.sync();

    await connector.stop();
    const tool = process.env.DEVICE_TOOL;
    assert.ok(tool, "DEVICE_TOOL must name the tool that adds a device; scripts/test sets it");
    const secret = execFileSync(tool, [connector.database, connector.name, world.backboneUrl], { encoding: "utf8" });
    await connector.run();
    device = await TypeScriptPeer.join(world, "device", JSON.parse(secret));
  });
  after(() => world?.stop());

  it("are one identity with two devices", async () => {
    const { address } = await connector.get("/Account/IdentityInfo");
    assert.equal(device.address, address);
    const devices = await device.account.devices.list();
    assert.equal(devices.length, 2);
    assert.ok(devices.every((each) => each.publicKey));
  });

  it("have the same relationship, template, token, file and messages", async () => {
    const { account } = device;
    const relationship = await device.relationship(relationshipId);
    const shown = await connector.get(`/Relationships/${relationshipId}`);
    assert.equal(relationship.status, "Active");
    assert.deepEqual(plain(relationship).creationContent, shown.creationContent);
    assert.deepEqual(plain(relationship).auditLog, shown.auditLog);
    assert.equal(relationship.peer.address.toString(), peer.address);

    const templates = await connector.get("/RelationshipTemplates");
    const copies = await account.relationshipTemplates.getRelationshipTemplates();
    assert.deepEqual(ids(copies), ids(templates));
    const baseUrl = device.transport.config.baseUrl;
    const references = copies.map((each) => each.toRelationshipTemplateReference(baseUrl).truncate());
    assert.deepEqual(references, templates.map(({ reference }) => reference.truncated));

    const [copy] = await account.tokens.getTokens();
    assert.equal(copy.toTokenReference(baseUrl).truncate(), token.reference.truncated);
    assert.deepEqual([copy.passwordProtection.password, plain(copy.content)], ["secret", { a: 1 }]);

    const stored = await account.files.getFile(CoreId.from(file.id));
    assert.deepEqual([stored.filename, stored.title, stored.ownershipToken], ["a.txt", "A", file.ownershipToken]);
    assert.equal((await device.downloadFile(file.id)).toString(), "content");

    assert.deepEqual(ids(await account.messages.getMessages()), [sent.id, received.id.toString()].sort());
    const message = await account.messages.getMessage(CoreId.from(sent.id));
    assert.deepEqual(plain(message.content), content("from the Connector"));
    assert.deepEqual(message.attachments.map(String), [file.id]);
  });

  it("write to the peer with the same keys, and see what the other wrote", async () => {
    const fromDevice = await device.sendMessage([peer.address], content("from the device"));
    await device.account.syncDatawallet();
    const fromConnector = await connector.post("/Messages", { recipients: [peer.address], content: content("again") });
    await peer.sync();
    for (const { id } of [fromDevice, fromConnector]) {
      assert.ok(await peer.account.messages.getMessage(CoreId.from(id.toString())));
    }
    await connector.sync();
    const copy = await connector.get(`/Messages/${fromDevice.id.toString()}`);
    assert.deepEqual([copy.isOwn, copy.content.value], [true, "from the device"]);
    await device.account.syncDatawallet();
    assert.ok(await device.account.messages.getMessage(CoreId.from(fromConnector.id)));
  });

  it("bring a message to both, whichever fetches it", async () => {
    for (const fetcher of [device, connector]) {
      const message = await peer.sendMessage([device.address], content("to both"));
      const id = message.id.toString();
      await fetcher.sync();
      if (fetcher === device) await connector.sync();
      else await device.account.syncDatawallet();
      assert.equal((await connector.get(`/Messages/${id}`)).content.value, "to both");
      assert.deepEqual(plain((await device.account.messages.getMessage(message.id)).content), content("to both"));
    }
  });

  it("change and delete for each other", async () => {
    await device.act("terminate", relationshipId);
    await device.account.syncDatawallet();
    await connector.sync();
    assert.equal((await connector.get(`/Relationships/${relationshipId}`)).status, "Terminated");
    await connector.put(`/Relationships/${relationshipId}/Reactivate`);
    await peer.sync();
    await peer.act("acceptReactivation", relationshipId);
    await connector.sync();
    await device.account.syncDatawallet();
    assert.equal((await device.relationship(relationshipId)).status, "Active");

    await connector.delete(`/Files/${file.id}`);
    await device.account.syncDatawallet();
    assert.equal(await device.account.files.getFile(CoreId.from(file.id)), undefined);
    const own = await device.createTemplate({ "@type": "ArbitraryRelationshipTemplateContent", value: 1 });
    await device.account.syncDatawallet();
    await connector.sync();
    assert.equal((await connector.get(`/RelationshipTemplates/${own.template.id.toString()}`)).content.value, 1);
  });
});
