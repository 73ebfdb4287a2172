import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { World } from "../support/processes.mjs";
import { TypeScriptPeer } from "../support/typescript-peer.mjs";

/** Two accounts of the TypeScript library know only each other and the embedded Backbone. */
describe("two TypeScript identities on the embedded Backbone", () => {
  let world;
  let alice;
  let bob;
  let relationshipId;

  before(async () => {
    world = await World.create();
    alice = await TypeScriptPeer.create(world, "alice");
    bob = await TypeScriptPeer.create(world, "bob");
  });

  after(() => world?.stop());

  it("have addresses in the Backbone's domain", () => {
    assert.match(alice.address, /^did:e:localhost:dids:[0-9a-f]{22}$/);
    assert.notEqual(alice.address, bob.address);
  });

  it("complete the relationship handshake", async () => {
    const { reference } = await alice.createTemplate({ greeting: "hello" }, { maxNumberOfAllocations: 1 });
    const template = await bob.loadTemplate(reference.toUrl());
    assert.deepEqual(template.content.toJSON(), { greeting: "hello" });

    const requested = await bob.requestRelationship(template, { answer: "hi" });
    const { relationships } = await alice.sync();
    assert.equal(relationships.length, 1);
    assert.equal(relationships[0].id.toString(), requested.id.toString());
    assert.deepEqual(relationships[0].creationContent.toJSON(), { answer: "hi" });
    assert.equal(relationships[0].peer.address.toString(), bob.address);

    relationshipId = requested.id.toString();
    assert.equal((await alice.acceptRelationship(relationshipId)).status, "Active");
    await bob.sync();
    assert.equal((await bob.relationship(relationshipId)).status, "Active");
  });

  it("exchange messages with an attachment in both directions", async () => {
    for (const [sender, recipient] of [
      [alice, bob],
      [bob, alice]
    ]) {
      const bytes = Buffer.from("Grüße\u0000 from the attachment");
      const file = await sender.sendFile({ name: "grüße.bin", type: "application/octet-stream", bytes, title: "Grüße" });
      const sent = await sender.sendMessage([recipient.address], { text: "with attachment" }, [file]);
      await sender.sendMessage([recipient.address], { text: "second" });

      const { messages } = await recipient.sync();
      assert.deepEqual(
        messages.map((message) => message.content.toJSON()),
        [{ text: "with attachment" }, { text: "second" }]
      );
      assert.equal(messages[0].id.toString(), sent.id.toString());
      assert.equal(messages[0].createdBy.toString(), sender.address);
      assert.deepEqual(
        messages[0].attachments.map((id) => id.toString()),
        [file.id.toString()]
      );
      assert.deepEqual(await recipient.downloadFile(messages[0].attachments[0]), bytes);
    }
  });

  it("sees no event twice", async () => {
    const { messages, relationships } = await alice.sync();
    assert.deepEqual([messages.length, relationships.length], [0, 0]);
  });

  it("keeps a revoked and a rejected relationship apart and lets both sides try again", async () => {
    const carol = await TypeScriptPeer.create(world, "carol");
    const { reference } = await alice.createTemplate({});
    const template = await carol.loadTemplate(reference.truncate());

    const first = await carol.requestRelationship(template, {});
    await carol.revokeRelationship(first.id);
    const second = await carol.requestRelationship(template, {});
    await alice.sync();
    assert.equal((await alice.relationship(first.id)).status, "Revoked");
    await alice.rejectRelationship(second.id);
    await carol.sync();
    assert.equal((await carol.relationship(second.id)).status, "Rejected");
    assert.equal((await carol.requestRelationship(template, {})).status, "Pending");
  });

  it("protects templates by password and by identity", async () => {
    const protectedByPin = await alice.createTemplate(
      { secret: true },
      { passwordProtection: { passwordType: "pin4", password: "0815" } }
    );
    await assert.rejects(bob.loadTemplate(protectedByPin.reference.toUrl()), /noPasswordProvided/);
    await assert.rejects(bob.loadTemplate(protectedByPin.reference.toUrl(), "4711"), /recordNotFound/);
    const opened = await bob.loadTemplate(protectedByPin.reference.toUrl(), "0815");
    assert.deepEqual(opened.content.toJSON(), { secret: true });

    const dora = await TypeScriptPeer.create(world, "dora");
    const personal = await alice.createTemplate({}, { forIdentity: dora.account.identity.address });
    await assert.rejects(bob.loadTemplate(personal.reference.toUrl()), /notIntendedForYou|recordNotFound/);
    assert.equal((await dora.loadTemplate(personal.reference.toUrl())).isOwn, false);
  });
});
