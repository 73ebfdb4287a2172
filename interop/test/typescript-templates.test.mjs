import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { CoreDate } from "@nmshd/core-types";

import { eventually, inTime } from "../support/eventually.mjs";
import { World } from "../support/processes.mjs";
import { TypeScriptPeer } from "../support/typescript-peer.mjs";

const NOT_FOUND = { code: "error.platform.recordNotFound" };

describe("templates of a TypeScript identity on the embedded Backbone", () => {
  let world;
  let alice;
  let bob;
  let carol;

  before(async () => {
    world = await World.create();
    alice = await TypeScriptPeer.create(world, "alice");
    bob = await TypeScriptPeer.create(world, "bob");
    carol = await TypeScriptPeer.create(world, "carol");
  });
  after(() => world?.stop());

  it("open only for the identity they are made for, whatever the reference says", async () => {
    const { template, reference } = await alice.createTemplate({ for: "Bob" }, { forIdentity: bob.account.identity.address });
    assert.equal(reference.forIdentityTruncated, bob.address.slice(-4));
    const opened = await bob.loadTemplate(reference.truncate());
    assert.deepEqual(opened.content.toJSON(), { for: "Bob" });
    assert.equal(opened.forIdentity.toString(), bob.address);

    await assert.rejects(carol.loadTemplate(reference.truncate()), { code: "error.transport.general.notIntendedForYou" });
    const stripped = { id: template.id, key: template.secretKey };
    await assert.rejects(carol.account.relationshipTemplates.loadPeerRelationshipTemplateByReference(stripped), NOT_FOUND);
  });

  it("may be allocated as often as they say, and tell their creator when that is reached", async () => {
    const { template, reference } = await alice.createTemplate({}, { maxNumberOfAllocations: 2 });
    alice.takeEvents();
    await bob.loadTemplate(reference.truncate());
    await bob.loadTemplate(reference.truncate());
    await alice.sync();
    assert.deepEqual(alice.takeEvents(), []);

    await carol.loadTemplate(reference.truncate());
    await alice.sync();
    const [event] = alice.published;
    assert.deepEqual(alice.takeEvents(), ["relationshipTemplateAllocationsExhausted"]);
    assert.equal(event.data.id.toString(), template.id.toString());

    const dora = await TypeScriptPeer.create(world, "dora");
    await assert.rejects(dora.loadTemplate(reference.truncate()), {
      code: "error.platform.validation.relationshipTemplate.maxNumberOfAllocationsExhausted"
    });
    assert.equal((await bob.loadTemplate(reference.truncate())).id.toString(), template.id.toString());
  });

  it("need no password again for who opened them once", async () => {
    const passwordProtection = { passwordType: "pw", password: "offen" };
    const { reference } = await alice.createTemplate({ a: 1 }, { passwordProtection });
    const opened = await bob.loadTemplate(reference.truncate(), "offen");
    assert.equal((await bob.requestRelationship(opened, {})).status, "Pending");
    await assert.rejects(carol.loadTemplate(reference.truncate(), "Offen"), NOT_FOUND);
    await assert.rejects(carol.loadTemplate(reference.truncate()), { code: "error.transport.noPasswordProvided" });
  });

  it("are gone when their creator deletes them", async () => {
    const { template, reference } = await alice.createTemplate({});
    await alice.account.relationshipTemplates.deleteRelationshipTemplate(template);
    await assert.rejects(carol.loadTemplate(reference.truncate()), NOT_FOUND);
    assert.equal(await alice.account.relationshipTemplates.getRelationshipTemplate(template.id), undefined);
  });

  it("are gone when their time is over", async () => {
    const dora = await TypeScriptPeer.create(world, "late dora");
    const { opened, reference, expiresAt } = await inTime(async (expiresAt) => {
      const { reference } = await alice.createTemplate({}, { expiresAt });
      return { opened: await carol.loadTemplate(reference.truncate()), reference, expiresAt };
    });
    assert.equal(opened.expiresAt.toISOString(), expiresAt.toISOString());
    await eventually(() => assert.ok(CoreDate.utc().isAfter(expiresAt)));
    await assert.rejects(dora.loadTemplate(reference.truncate()), NOT_FOUND);
    await assert.rejects(carol.requestRelationship(opened, {}), {
      code: "error.transport.relationships.relationshipTemplateIsExpired"
    });
  });

  it("can not be used by their creator", async () => {
    const { template } = await alice.createTemplate({});
    await assert.rejects(alice.requestRelationship(template, {}), {
      code: "error.platform.validation.relationship.cannotCreateRelationshipWithYourself"
    });
  });
});
