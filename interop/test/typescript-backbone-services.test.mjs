import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { BackboneCompatibilityController, TagClient } from "@nmshd/transport";

import { World } from "../support/processes.mjs";
import { relatePeers } from "../support/scenarios.mjs";
import { TypeScriptPeer } from "../support/typescript-peer.mjs";

describe("what the embedded Backbone tells a TypeScript identity", () => {
  let world;
  let alice;

  before(async () => {
    world = await World.create();
    alice = await TypeScriptPeer.create(world, "alice");
  });
  after(() => world?.stop());

  it("is a version that the library accepts", async () => {
    const controller = new BackboneCompatibilityController(alice.transport.config);
    const { isCompatible, backboneVersion } = (await controller.checkBackboneCompatibility()).value;
    assert.deepEqual([isCompatible, Number(backboneVersion)], [true, 7]);
  });

  it("are tags, once", async () => {
    const client = new TagClient(alice.transport.config, alice.account.authenticator);
    const first = await client.getTagCollection();
    assert.deepEqual(first.value.supportedLanguages, ["en"]);
    assert.ok(first.etag);
    assert.equal(await client.getTagCollection(first.etag), undefined);
    assert.deepEqual((await client.getTagCollection('"another"')).value, first.value);
  });

  it("are announcements, of which there are none, in a language that exists", async () => {
    assert.deepEqual(await alice.account.announcements.getAnnouncements("de"), []);
    await assert.rejects(alice.account.announcements.getAnnouncements("deutsch"), {
      code: "error.platform.validation.invalidPropertyValue"
    });
  });

  it("are public template references, of which there are none", async () => {
    const { publicRelationshipTemplateReferences } = alice.account;
    assert.deepEqual(await publicRelationshipTemplateReferences.getPublicRelationshipTemplateReferences(), []);
  });

  it("is why it does not pass on a notification", async () => {
    const bob = await TypeScriptPeer.create(world, "bob");
    const { backboneNotifications } = alice.account;
    const send = (recipients, code) => backboneNotifications.sendNotification({ recipients, code });
    await assert.rejects(send([bob.address], "TestCode"), {
      code: "error.transport.backboneNotifications.noActiveRelationshipFoundForRecipients"
    });
    const raw = await backboneNotifications.client.sendNotification({ recipients: [bob.address], code: "TestCode" });
    const code = "error.platform.validation.notification.noRelationshipToOneOrMoreRecipientsExists";
    assert.equal(raw.error.code, code);
    await relatePeers(alice, bob);
    await assert.rejects(send([bob.address], "NoSuchCode"), {
      code: "error.platform.validation.notification.codeDoesNotExist"
    });
  });

  it("is the same correlation id that it was given", async () => {
    const response = await fetch(`${world.backboneUrl}/api/v2/Version`, { headers: { "x-correlation-id": "from-a-test" } });
    assert.equal(response.headers.get("x-correlation-id"), "from-a-test");
    assert.deepEqual(await response.json(), { result: { majorVersion: "7" } });
  });

  it("is that another client secret is wrong", async () => {
    await assert.rejects(TypeScriptPeer.create(world, "stranger", { platformClientSecret: "wrong" }), {
      code: "error.transport.general.platformClientInvalid"
    });
  });
});
