import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";

import { CoreAddress, CoreId } from "@nmshd/core-types";
import { TokenContentFile } from "@nmshd/transport";

import { connectorWithPeer } from "../support/scenarios.mjs";
import { inOneHour, TypeScriptPeer } from "../support/typescript-peer.mjs";

const FORBIDDEN = { code: "error.platform.forbidden" };

describe("the ownership of a Connector's file", () => {
  let context;
  let connector;
  let peer;
  let webhooks;
  let file;

  before(async () => {
    context = await connectorWithPeer("owner", "claimant");
    ({ connector, peer, webhooks } = context);
  });
  after(() => context?.world.stop());

  beforeEach(async () => {
    const bytes = Buffer.from("owned");
    file = await connector.uploadFile({ name: "owned.txt", type: "text/plain", bytes, title: "Owned" });
    await peer.loadFile(file.reference.truncated);
  });

  const claim = (token) => peer.account.files.claimFileOwnership(CoreId.from(file.id), token);
  const validate = async (token) =>
    (await peer.account.files.validateFileOwnershipToken(CoreId.from(file.id), token)).isValid;
  const regenerate = () => connector.patch(`/Files/${file.id}/RegenerateOwnershipToken`);

  it("goes over to a TypeScript identity that has the token", async () => {
    assert.equal(await validate(file.ownershipToken), true);
    const claimed = await claim(file.ownershipToken);
    assert.equal(claimed.owner.toString(), peer.address);

    await connector.sync();
    const former = await connector.get(`/Files/${file.id}`);
    assert.deepEqual([former.isOwn, former.owner, former.ownershipToken], [false, peer.address, undefined]);
    const event = await webhooks.event("transport.fileOwnershipClaimed", (data) => data.id === file.id);
    assert.equal(event.owner, peer.address);
    assert.deepEqual((await connector.download(`/Files/${file.id}/Download`)).bytes, Buffer.from("owned"));
    const error = await connector.refused("PATCH", `/Files/${file.id}/RegenerateOwnershipToken`, 400);
    assert.equal(error.code, "error.runtime.files.notOwnedByYou");
  });

  it("is locked by a wrong claim until the Connector makes a new token", async () => {
    await assert.rejects(claim("wrong"), FORBIDDEN);
    await assert.rejects(claim(file.ownershipToken), FORBIDDEN);
    await connector.sync();
    await webhooks.event("transport.fileOwnershipLocked", (data) => data.id === file.id);
    assert.equal((await connector.get(`/Files/${file.id}`)).ownershipIsLocked, true);

    const { ownershipToken, ownershipIsLocked } = await regenerate();
    assert.notEqual(ownershipToken, file.ownershipToken);
    assert.equal(ownershipIsLocked, undefined);
    assert.equal(await validate(ownershipToken), true);
    assert.equal((await claim(ownershipToken)).isOwn, true);
  });

  it("is proved by the newest token only", async () => {
    const { ownershipToken } = await regenerate();
    assert.equal((await connector.get(`/Files/${file.id}`)).ownershipToken, ownershipToken);
    assert.equal(await validate(ownershipToken), true);
    assert.equal(await validate(file.ownershipToken), false);
  });
});

describe("a file of a TypeScript identity at a Connector", () => {
  let context;

  before(async () => {
    context = await connectorWithPeer("reader", "owner");
  });
  after(() => context?.world.stop());

  it("belongs to the TypeScript identity, and deleting it deletes the copy only", async () => {
    const { connector, peer, world } = context;
    const bytes = Buffer.from("theirs");
    const theirs = await peer.sendFile({ name: "t.txt", type: "text/plain", bytes, title: "Theirs" });
    const reference = theirs.toFileReference(world.backboneUrl).truncate();
    const file = await connector.post("/Files/Peer", { reference });
    assert.deepEqual([file.isOwn, file.owner, file.ownershipToken], [false, peer.address, undefined]);
    const error = await connector.refused("PATCH", `/Files/${file.id}/RegenerateOwnershipToken`, 400);
    assert.equal(error.code, "error.runtime.files.notOwnedByYou");

    await connector.delete(`/Files/${file.id}`);
    await connector.refused("GET", `/Files/${file.id}`, 404);
    assert.deepEqual(await peer.downloadFile(theirs.id), bytes);
    assert.equal((await connector.post("/Files/Peer", { reference })).id, file.id);
  });

  it("comes through a token made for the Connector, with a password", async () => {
    const { connector, peer, world, address } = context;
    const theirs = await peer.sendFile({ name: "s", type: "text/plain", bytes: Buffer.from("secret"), title: "S" });
    const token = await peer.account.tokens.sendToken({
      content: TokenContentFile.from({ fileId: theirs.id, secretKey: theirs.secretKey }),
      expiresAt: inOneHour(),
      ephemeral: true,
      forIdentity: CoreAddress.from(address),
      passwordProtection: { passwordType: "pw", password: "Sesam" }
    });
    const reference = token.toTokenReference(world.backboneUrl).toUrl();
    const missing = await connector.refused("POST", "/Files/Peer", 400, { reference });
    assert.equal(missing.code, "error.transport.noPasswordProvided");
    const wrong = await connector.refused("POST", "/Files/Peer", 404, { reference, password: "sesam" });
    assert.equal(wrong.code, "error.runtime.recordNotFound");
    const file = await connector.post("/Files/Peer", { reference, password: "Sesam" });
    assert.deepEqual((await connector.download(`/Files/${file.id}/Download`)).bytes, Buffer.from("secret"));
  });
});

describe("a file of a Connector at a TypeScript identity", () => {
  let context;

  before(async () => {
    context = await connectorWithPeer("sender", "reader");
  });
  after(() => context?.world.stop());

  it("comes through a token for one identity, and is gone when the Connector deletes it", async () => {
    const { connector, peer } = context;
    const bytes = Buffer.from("for one");
    const file = await connector.uploadFile({ name: "one.txt", type: "text/plain", bytes, title: "One" });
    const token = await connector.post(`/Files/${file.id}/Token`, { forIdentity: peer.address });
    const opened = await peer.loadToken(token.reference.url);
    const loaded = await peer.account.files.getOrLoadFile(opened.content.fileId, opened.content.secretKey);
    assert.deepEqual(await peer.downloadFile(loaded.id), bytes);

    const stranger = await TypeScriptPeer.create(context.world, "stranger");
    await assert.rejects(stranger.loadToken(token.reference.url), {
      code: "error.transport.general.notIntendedForYou"
    });
    await connector.delete(`/Files/${file.id}`);
    await assert.rejects(stranger.loadFile(file.reference.url), { code: "error.platform.recordNotFound" });
  });
});
