import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";

import { World } from "../support/processes.mjs";
import { TypeScriptPeer } from "../support/typescript-peer.mjs";

const FORBIDDEN = { code: "error.platform.forbidden" };

describe("the ownership of a file of a TypeScript identity", () => {
  let world;
  let alice;
  let bob;
  let file;

  before(async () => {
    world = await World.create();
    alice = await TypeScriptPeer.create(world, "alice");
    bob = await TypeScriptPeer.create(world, "bob");
  });
  after(() => world?.stop());

  beforeEach(async () => {
    file = await alice.sendFile({ name: "a.txt", type: "text/plain", bytes: Buffer.from("owned"), title: "Owned" });
    await bob.loadFile(file.toFileReference(world.backboneUrl).truncate());
    alice.takeEvents();
  });

  const validate = async (peer, token) => (await peer.account.files.validateFileOwnershipToken(file.id, token)).isValid;
  const claim = (peer, token) => peer.account.files.claimFileOwnership(file.id, token);
  const stored = (peer) => peer.account.files.getFile(file.id);

  it("is proved by its token, which others may check too", async () => {
    assert.equal(await validate(alice, file.ownershipToken), true);
    assert.equal(await validate(bob, file.ownershipToken), true);
    assert.equal(await validate(alice, "wrong"), false);
    await alice.sync();
    assert.deepEqual(alice.takeEvents(), []);
    assert.equal(await validate(bob, file.ownershipToken), true);
  });

  it("goes over to who claims it with the token", async () => {
    const claimed = await claim(bob, file.ownershipToken);
    assert.equal(claimed.isOwn, true);
    assert.equal(claimed.owner.toString(), bob.address);
    assert.notEqual(claimed.ownershipToken, file.ownershipToken);
    assert.equal(await validate(bob, claimed.ownershipToken), true);

    await alice.sync();
    assert.deepEqual(alice.takeEvents(), ["fileOwnershipClaimed"]);
    const former = await stored(alice);
    assert.deepEqual([former.isOwn, former.owner.toString(), former.ownershipToken], [false, bob.address, undefined]);
    assert.deepEqual(await alice.downloadFile(file.id), Buffer.from("owned"));
    await assert.rejects(alice.account.files.regenerateFileOwnershipToken(file.id), FORBIDDEN);

    await claim(alice, claimed.ownershipToken);
    await bob.sync();
    assert.equal((await stored(bob)).owner.toString(), alice.address);
  });

  it("is locked by a wrong claim until its owner makes a new token", async () => {
    await assert.rejects(claim(bob, "wrong"), FORBIDDEN);
    await alice.sync();
    assert.deepEqual(alice.takeEvents(), ["fileOwnershipLocked"]);
    assert.equal((await stored(alice)).ownershipIsLocked, true);
    assert.equal(await validate(alice, file.ownershipToken), false);
    await assert.rejects(claim(bob, file.ownershipToken), FORBIDDEN);

    const { ownershipToken } = await alice.account.files.regenerateFileOwnershipToken(file.id);
    assert.notEqual(ownershipToken, file.ownershipToken);
    assert.equal((await stored(alice)).ownershipIsLocked, undefined);
    assert.equal((await claim(bob, ownershipToken)).owner.toString(), bob.address);
    await alice.sync();
  });

  it("is locked by a wrong validation of somebody else", async () => {
    assert.equal(await validate(bob, "wrong"), false);
    assert.equal(await validate(bob, file.ownershipToken), false);
    await alice.sync();
    assert.deepEqual(alice.takeEvents(), ["fileOwnershipLocked"]);
  });

  it("can not be claimed by the owner, nor renewed by somebody else", async () => {
    await assert.rejects(claim(alice, file.ownershipToken), {
      code: "error.platform.validation.file.cannotClaimOwnershipOfOwnFile"
    });
    await assert.rejects(bob.account.files.regenerateFileOwnershipToken(file.id), FORBIDDEN);
    await assert.rejects(claim(bob, "no such character: ä"), { code: "error.platform.validation.invalidPropertyValue" });
  });

  it("does not let others delete it, and its creator can", async () => {
    const reference = file.toFileReference(world.backboneUrl).truncate();
    const own = await stored(alice);
    await bob.account.files.deleteFile(await stored(bob));
    assert.equal(await stored(bob), undefined);
    assert.equal((await bob.loadFile(reference)).title, "Owned");

    await alice.account.files.deleteFile(own);
    const carol = await TypeScriptPeer.create(world, "carol");
    await assert.rejects(carol.loadFile(reference), { code: "error.platform.recordNotFound" });
  });
});
