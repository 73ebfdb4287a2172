import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { CoreId } from "@nmshd/core-types";
import { SyncClient, TokenContentDeviceSharedSecret } from "@nmshd/transport";

import { World } from "../support/processes.mjs";
import { relatePeers } from "../support/scenarios.mjs";
import { inOneHour, TypeScriptPeer } from "../support/typescript-peer.mjs";

const WITH_DATAWALLET = { datawalletEnabled: true };

describe("a second device of a TypeScript identity", () => {
  let world;
  let phone;
  let tablet;
  let bob;
  let relationshipId;
  let earlyMessage;
  let earlyFile;

  before(async () => {
    world = await World.create();
    phone = await TypeScriptPeer.create(world, "phone", WITH_DATAWALLET);
    bob = await TypeScriptPeer.create(world, "bob");
    relationshipId = await relatePeers(phone, bob);
    earlyMessage = await bob.sendMessage([phone.address], { text: "before the second device" });
    await phone.sync();
    earlyFile = await phone.sendFile({ name: "e.txt", type: "text/plain", bytes: Buffer.from("early"), title: "Early" });
    await phone.account.syncDatawallet();
    tablet = await phone.createDevice(world, "tablet", { isAdmin: true });
  });
  after(() => world?.stop());

  const sync = async (...devices) => {
    for (const device of devices) {
      await device.account.syncDatawallet();
    }
  };
  const stored = (device) => device.relationship(relationshipId);

  it("has the same identity and finds everything that was there before", async () => {
    assert.equal(tablet.address, phone.address);
    assert.equal((await stored(tablet)).status, "Active");
    assert.deepEqual((await stored(tablet)).toJSON(), (await stored(phone)).toJSON());
    const message = await tablet.account.messages.getMessage(earlyMessage.id);
    assert.equal(message.content.toJSON().text, "before the second device");
    assert.equal((await tablet.account.relationshipTemplates.getRelationshipTemplates()).length, 1);
    assert.deepEqual(await tablet.downloadFile(earlyFile.id), Buffer.from("early"));
    assert.equal((await tablet.account.files.getFile(earlyFile.id)).ownershipToken, earlyFile.ownershipToken);
  });

  it("is known to the first device with its public key once it is onboarded", async () => {
    await sync(phone);
    const device = await phone.account.devices.get(tablet.account.activeDevice.id);
    assert.equal(device.name, "tablet");
    assert.equal(device.publicKey.toBase64(false), tablet.account.activeDevice.publicKey.toBase64(false));
    assert.equal((await phone.account.devices.list()).length, 2);
    await assert.rejects(phone.account.devices.getSharedSecret(device.id), {
      code: "error.transport.devices.alreadyOnboarded"
    });
    await assert.rejects(phone.account.devices.delete(device), {
      code: "error.transport.devices.couldNotDeleteDevice"
    });
  });

  it("sends and receives for the identity, and the first device sees it", async () => {
    const sent = await tablet.sendMessage([bob.address], { text: "from the tablet" });
    await sync(tablet, phone);
    assert.equal((await phone.account.messages.getMessage(sent.id)).content.toJSON().text, "from the tablet");
    const { messages } = await bob.sync();
    assert.equal(messages[0].content.toJSON().text, "from the tablet");

    const received = await bob.sendMessage([phone.address], { text: "to both" });
    assert.equal((await tablet.sync()).messages.length, 1);
    assert.deepEqual((await phone.sync()).messages, []);
    assert.equal((await phone.account.messages.getMessage(received.id)).content.toJSON().text, "to both");
  });

  it("shares its relationships and templates in both directions", async () => {
    const { template: made } = await phone.createTemplate({ made: "by the phone" });
    await sync(phone, tablet);
    const copy = await tablet.account.relationshipTemplates.getRelationshipTemplate(made.id);
    assert.deepEqual(copy.content.toJSON(), { made: "by the phone" });
    const carol = await TypeScriptPeer.create(world, "carol");
    const template = await carol.loadTemplate(copy.toRelationshipTemplateReference(world.backboneUrl).truncate());
    const requested = await carol.requestRelationship(template, { from: "Carol" });
    await tablet.sync();
    await tablet.acceptRelationship(requested.id);
    await sync(tablet);
    await phone.sync();
    assert.equal((await phone.relationship(requested.id)).status, "Active");
    await carol.sync();
    const message = await phone.sendMessage([carol.address], { text: "the secrets came along" });
    assert.equal((await carol.sync()).messages[0].id.toString(), message.id.toString());

    await phone.account.relationshipTemplates.deleteRelationshipTemplate(made);
    await sync(phone, tablet);
    assert.equal(await tablet.account.relationshipTemplates.getRelationshipTemplate(made.id), undefined);
  });

  it("brings changes of both devices to the same object together", async () => {
    const [onPhone, onTablet] = [phone.account.messages, tablet.account.messages];
    await onPhone.markMessageAsRead(earlyMessage.id);
    await onTablet.setMessageMetadata(earlyMessage.id, tablet.account.identity.identity);
    await sync(phone, tablet, phone);
    const texts = [];
    for (const messages of [onPhone, onTablet]) {
      const message = await messages.getMessage(earlyMessage.id);
      assert.ok(message.wasReadAt);
      assert.equal(message.metadata.address, phone.address);
      texts.push(JSON.stringify(message));
    }
    assert.deepEqual(JSON.parse(texts[0]), JSON.parse(texts[1]));
  });

  it("gets more than one page of changes", async () => {
    const names = Array.from({ length: 60 }, (_, index) => `file ${index}`);
    for (const title of names) {
      await phone.sendFile({ name: "n", type: "text/plain", bytes: Buffer.from(title), title });
    }
    await sync(phone, tablet);
    const titles = (await tablet.account.files.getFiles()).map((file) => file.title);
    assert.deepEqual(
      names.filter((name) => !titles.includes(name)),
      []
    );
  });

  it("may not push over what it has not seen", async () => {
    const client = new SyncClient(tablet.transport.config, tablet.account.authenticator);
    const known = await (await client.getDatawalletModifications({ localIndex: -1 })).value.collect();
    const newest = Math.max(...known.map(({ index }) => index));
    const item = { objectIdentifier: "x", collection: "Settings", type: "Create", payloadCategory: "Content" };
    const refusal = async (localIndex, datawalletVersion) => {
      const modifications = [{ ...item, datawalletVersion }];
      return (await client.createDatawalletModifications({ localIndex, modifications })).error.code;
    };
    for (const index of [0, newest - 1, newest + 1]) {
      assert.equal(await refusal(index, 1), "error.platform.validation.datawallet.datawalletNotUpToDate");
    }
    assert.equal(await refusal(newest, 2), "error.platform.datawallet.datawalletVersionOfModificationTooHigh");
  });

  it("waits while the other device synchronises", async () => {
    const client = new SyncClient(tablet.transport.config, tablet.account.authenticator);
    await bob.sendMessage([phone.address], { text: "makes an event" });
    const { syncRun, status } = (await client.startSyncRun({ type: "ExternalEventSync" })).value;
    assert.equal(status, "Created");

    await assert.rejects(phone.sync(), {
      code: "error.platform.validation.syncRun.cannotStartSyncRunWhenAnotherSyncRunIsRunning"
    });
    await phone.createTemplate({});
    await assert.rejects(phone.account.syncDatawallet(), {
      code: "error.platform.validation.datawallet.cannotPushDatawalletModificationsDuringActiveSyncRun"
    });
    const phones = new SyncClient(phone.transport.config, phone.account.authenticator);
    const results = { datawalletModifications: [], externalEventResults: [] };
    assert.equal(
      (await phones.finalizeExternalEventSync(syncRun.id, results)).error.code,
      "error.platform.validation.syncRun.cannotFinalizeSyncRunStartedByAnotherDevice"
    );
    assert.equal(
      (await phones.getExternalEventsOfSyncRun(syncRun.id)).error.code,
      "error.platform.validation.syncRun.cannotReadExternalEventsOfASyncRunStartedByAnotherDevice"
    );

    assert.equal((await client.finalizeExternalEventSync(syncRun.id, results)).isSuccess, true);
    // The event was not processed, so it comes again.
    assert.equal((await phone.sync()).messages.length, 1);
    await sync(tablet, phone);
  });

  it("hands over a third device by a token, without the key of the identity", async () => {
    const sent = await tablet.account.devices.sendDevice({ name: "watch" });
    await sync(tablet);
    const sharedSecret = await tablet.account.devices.getSharedSecret(sent.id);
    assert.equal(sharedSecret.identityPrivateKey, undefined);
    const token = await tablet.account.tokens.sendToken({
      content: TokenContentDeviceSharedSecret.from({ sharedSecret }),
      expiresAt: inOneHour(),
      ephemeral: true
    });
    const opened = await bob.loadToken(token.toTokenReference(world.backboneUrl).truncate());
    const watch = new TypeScriptPeer();
    await watch.open(world, "watch", WITH_DATAWALLET, opened.content.sharedSecret);
    assert.equal(watch.address, phone.address);
    assert.equal((await stored(watch)).status, "Active");
    const message = await watch.sendMessage([bob.address], { text: "from the watch" });
    assert.equal((await bob.sync()).messages[0].id.toString(), message.id.toString());
    await assert.rejects(watch.account.devices.sendDevice({ name: "not allowed" }), {
      code: "error.transport.secrets.secretNotFound"
    });
    assert.equal((await tablet.account.devices.get(CoreId.from(sent.id))).publicKey, undefined);
    await sync(watch, tablet);
    assert.notEqual((await tablet.account.devices.get(CoreId.from(sent.id))).publicKey, undefined);
  });

  it("learns of the deletion process of its identity", async () => {
    const process = await phone.account.identityDeletionProcess.initiateIdentityDeletionProcess();
    await sync(phone);
    tablet.takeEvents();
    await sync(tablet);
    assert.deepEqual(tablet.takeEvents().sort(), ["datawalletSynchronized", "identityDeletionProcessStatusChanged"]);
    const known = await tablet.account.identityDeletionProcess.getIdentityDeletionProcess(process.id.toString());
    assert.equal(known.status, "Active");
    await tablet.account.identityDeletionProcess.cancelIdentityDeletionProcess(process.id.toString());
    await sync(tablet, phone);
    const cancelled = await phone.account.identityDeletionProcess.getIdentityDeletionProcess(process.id.toString());
    assert.equal(cancelled.status, "Cancelled");
  });
});
