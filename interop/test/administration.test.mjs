import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";

import { TagClient } from "@nmshd/transport";

import { World } from "../support/processes.mjs";
import { relateToConnector } from "../support/scenarios.mjs";
import { TypeScriptPeer } from "../support/typescript-peer.mjs";

const LEAF = { displayNames: { en: "First contact", de: "Erster Kontakt" } };
const TAGS = {
  supportedLanguages: ["en", "de"],
  tagsForAttributeValueTypes: {
    IdentityFileReference: {
      emergency: { displayNames: { en: "Emergency", de: "Notfall" }, children: { first: LEAF } }
    }
  }
};
const ANNOUNCEMENT = "ANC00000000000000001";
const ACTION = { displayName: { en: "Read more", de: "Mehr" }, link: "https://example.com/status" };

const ADMINISTRATION = {
  tags: TAGS,
  notificationCodes: ["NewInvoice"],
  announcements: [
    {
      id: ANNOUNCEMENT,
      severity: "High",
      texts: { en: { title: "Maintenance", body: "On Sunday" }, de: { title: "Wartung", body: "Am Sonntag" } },
      actions: [ACTION],
      expiresAt: "2099-01-01T00:00:00.000Z"
    }
  ]
};

describe("what the administrator of the Backbone has written down", () => {
  let world;
  let connector;
  let peer;

  before(async () => {
    world = await World.create({
      backboneArguments: (folder) => {
        const file = path.join(folder, "administration.json");
        writeFileSync(file, JSON.stringify(ADMINISTRATION));
        return ["--admin-file", file];
      }
    });
    connector = await world.startConnector("told");
    peer = await TypeScriptPeer.create(world, "told-too");
  });
  after(() => world?.stop());

  it("are announcements in the language of who asks, be it the Connector or a TypeScript identity", async () => {
    for (const [language, title, displayName] of [
      ["en", "Maintenance", "Read more"],
      ["de", "Wartung", "Mehr"],
      ["fr", "Maintenance", "Read more"]
    ]) {
      const [shown] = await connector.get(`/Announcements?language=${language}`);
      const [read] = await peer.account.announcements.getAnnouncements(language);
      assert.deepEqual([shown.id, shown.severity, shown.title], [ANNOUNCEMENT, "High", title]);
      assert.deepEqual(shown.actions, [{ displayName, link: ACTION.link }]);
      assert.equal(shown.expiresAt, "2099-01-01T00:00:00.000Z");
      const theirs = JSON.parse(JSON.stringify(read));
      for (const member of ["id", "createdAt", "severity", "title", "body"]) {
        assert.equal(theirs[member], shown[member], member);
      }
    }
    const refused = await connector.refused("GET", "/Announcements?language=xx", 400);
    assert.equal(refused.code, "error.runtime.validation.invalidPropertyValue");
  });

  it("are tags, which files of the Connector may have", async () => {
    assert.deepEqual(await connector.get("/Attributes/TagCollection"), TAGS);
    const client = new TagClient(peer.transport.config, peer.account.authenticator);
    const theirs = JSON.parse(JSON.stringify((await client.getTagCollection()).value));
    assert.deepEqual(theirs.supportedLanguages, TAGS.supportedLanguages);
    const { emergency } = theirs.tagsForAttributeValueTypes.IdentityFileReference;
    assert.deepEqual(emergency.children.first.displayNames, LEAF.displayNames);

    const upload = (tag) => {
      const form = new FormData();
      form.append("file", new Blob(["a"], { type: "text/plain" }), "a.txt");
      form.append("tags[]", tag);
      return connector.request("POST", "/Files/Own", form);
    };
    const created = await upload("bkb:emergency:first");
    assert.equal(created.status, 201);
    const { result } = await created.json();
    const read = await peer.loadFile(result.reference.truncated);
    assert.deepEqual(read.tags, ["bkb:emergency:first"]);
    const refused = await upload("bkb:emergency");
    assert.equal(refused.status, 400);
    assert.equal((await refused.json()).error.code, "error.consumption.attributes.invalidTags");
  });

  it("are codes of notifications, to peers in a relationship", async () => {
    const body = (code) => ({ recipients: [peer.address], code });
    const stranger = await connector.refused("POST", "/BackboneNotifications", 400, body("NewInvoice"));
    assert.equal(stranger.code, "error.transport.backboneNotifications.noActiveRelationshipFoundForRecipients");
    await relateToConnector(connector, peer);
    await connector.call("POST", "/BackboneNotifications", body("NewInvoice"), 204);
    const unknown = await connector.refused("POST", "/BackboneNotifications", 400, body("Unknown"));
    assert.equal(unknown.code, "error.platform.validation.notification.codeDoesNotExist");
    const { address } = await connector.get("/Account/IdentityInfo");
    await peer.account.backboneNotifications.sendNotification({ recipients: [address], code: "NewInvoice" });
  });
});
