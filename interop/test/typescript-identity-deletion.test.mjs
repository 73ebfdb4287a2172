import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";

import { eventually } from "../support/eventually.mjs";
import { World } from "../support/processes.mjs";
import { relatePeers } from "../support/scenarios.mjs";
import { TypeScriptPeer } from "../support/typescript-peer.mjs";

const DAY_MS = 86_400_000;

describe("the deletion of a TypeScript identity", () => {
  let world;
  let alice;
  let bob;
  let id;

  before(async () => {
    world = await World.create();
  });
  after(() => world?.stop());

  beforeEach(async () => {
    alice = await TypeScriptPeer.create(world, "alice");
    bob = await TypeScriptPeer.create(world, "bob");
    id = await relatePeers(alice, bob);
    alice.takeEvents();
    bob.takeEvents();
  });

  const initiate = (days) => alice.account.identityDeletionProcess.initiateIdentityDeletionProcess(days);
  const cancel = (process) => alice.account.identityDeletionProcess.cancelIdentityDeletionProcess(process.id.toString());
  const deletion = async () => (await alice.account.identity.checkIfIdentityIsDeleted()).value;

  it("is announced to its peers with the day, and so is its end", async () => {
    const process = await initiate();
    assert.equal(process.status, "Active");
    assert.match(process.id.toString(), /^IDP[A-Za-z0-9]{17}$/);
    const period = Date.parse(process.gracePeriodEndsAt.toISOString()) - Date.parse(process.createdAt.toISOString());
    assert.equal(Math.round(period / DAY_MS), 14);

    await bob.sync();
    assert.deepEqual(bob.takeEvents(), ["peerToBeDeleted"]);
    const { deletionStatus, deletionDate } = (await bob.relationship(id)).peerDeletionInfo;
    assert.deepEqual([deletionStatus, deletionDate.toISOString()], ["ToBeDeleted", process.gracePeriodEndsAt.toISOString()]);

    assert.equal((await cancel(process)).status, "Cancelled");
    await bob.sync();
    assert.deepEqual(bob.takeEvents(), ["peerDeletionCancelled"]);
    assert.equal((await bob.relationship(id)).peerDeletionInfo, undefined);
  });

  it("allows one process at a time, and another one after it was cancelled", async () => {
    const first = await initiate(3.5);
    await assert.rejects(initiate(), { code: "error.platform.validation.device.onlyOneActiveDeletionProcessAllowed" });
    await cancel(first);
    await assert.rejects(cancel(first), { code: "error.platform.validation.device.deletionProcessIsNotInRequiredStatus" });
    const second = await initiate(3.5);
    const period = Date.parse(second.gracePeriodEndsAt.toISOString()) - Date.parse(second.createdAt.toISOString());
    assert.equal(Math.round(period / DAY_MS / 0.5), 7);
    await cancel(second);
  });

  it("stops its synchronisation and lets nobody start a relationship with it", async () => {
    const { reference } = await alice.createTemplate({});
    const process = await initiate();
    await assert.rejects(alice.sync(), {
      code: "error.platform.validation.syncRun.cannotStartSyncRunWhileIdentityIsToBeDeleted"
    });
    const carol = await TypeScriptPeer.create(world, "carol");
    const template = await carol.loadTemplate(reference.truncate());
    await assert.rejects(carol.requestRelationship(template, {}), {
      code: "error.transport.relationships.activeIdentityDeletionProcessOfOwnerOfRelationshipTemplate"
    });

    await cancel(process);
    const requested = await carol.requestRelationship(template, {});
    const { relationships } = await alice.sync();
    assert.deepEqual(
      relationships.map((relationship) => relationship.id.toString()),
      [requested.id.toString()]
    );
  });

  it("keeps messages for it until it is cancelled", async () => {
    const process = await initiate();
    await bob.sync();
    const sent = await bob.sendMessage([alice.address], { text: "do stay" });
    await cancel(process);
    const { messages } = await alice.sync();
    assert.deepEqual(
      messages.map((message) => message.id.toString()),
      [sent.id.toString()]
    );
  });

  it("refuses its credentials as soon as the grace period is over", async () => {
    assert.deepEqual(await deletion(), { isDeleted: false, deletionDate: undefined });
    const process = await initiate(0);
    assert.deepEqual(await deletion(), { isDeleted: true, deletionDate: process.gracePeriodEndsAt.toISOString() });
    await assert.rejects(cancel(process), {
      code: "error.platform.validation.device.gracePeriodHasAlreadyExpired"
    });
    alice.account.authenticator.clear();
    await assert.rejects(alice.sync(), { code: "error.transport.request.noAuthGrant", status: 400 });
  });

  it("leaves its peers with a relationship proposed for deletion when it is carried out", async () => {
    const { reference } = await alice.createTemplate({});
    await alice.sendMessage([bob.address], { text: "farewell" });
    await bob.sync();
    bob.takeEvents();
    const { gracePeriodEndsAt } = await initiate(0);
    // A Backbone that starts looks for identities whose time is over.
    await world.crashBackbone();

    await eventually(async () => {
      const { isDeleted, deletionDate } = await deletion();
      assert.equal(isDeleted, true);
      assert.notEqual(deletionDate, gracePeriodEndsAt.toISOString());
    });
    await bob.sync();
    assert.deepEqual(bob.takeEvents(), ["peerToBeDeleted", "peerDeleted", "relationshipChanged"]);
    const relationship = await bob.relationship(id);
    assert.equal(relationship.status, "DeletionProposed");
    assert.equal(relationship.peerDeletionInfo.deletionStatus, "Deleted");
    const last = relationship.auditLog.at(-1);
    assert.deepEqual([last.reason, last.createdByDevice], ["DecompositionDueToIdentityDeletion", undefined]);
    assert.notEqual(last.createdBy.toString(), alice.address);

    await assert.rejects(bob.loadTemplate(reference.truncate()), { code: "error.platform.recordNotFound" });
    await bob.decomposeRelationship(id);
    assert.equal(await bob.relationship(id), undefined);
    assert.deepEqual(await bob.account.messages.getMessages(), []);
  });
});
