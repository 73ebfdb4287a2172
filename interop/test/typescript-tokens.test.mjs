import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { CoreDate } from "@nmshd/core-types";
import { AnonymousTokenController, TokenReference } from "@nmshd/transport";

import { eventually, inTime } from "../support/eventually.mjs";
import { World } from "../support/processes.mjs";
import { inOneHour, TypeScriptPeer } from "../support/typescript-peer.mjs";

const NOT_FOUND = { code: "error.platform.recordNotFound" };

describe("tokens of TypeScript identities on the embedded Backbone", () => {
  let world;
  let alice;
  let bob;
  let anonymous;

  before(async () => {
    world = await World.create();
    alice = await TypeScriptPeer.create(world, "alice");
    bob = await TypeScriptPeer.create(world, "bob");
    anonymous = new AnonymousTokenController(alice.transport.config);
  });
  after(() => world?.stop());

  async function send(content, options = {}) {
    const parameters = { content, expiresAt: inOneHour(), ephemeral: false, ...options };
    const token = await alice.account.tokens.sendToken(parameters);
    return { token, reference: token.toTokenReference(world.backboneUrl) };
  }

  it("open for everybody who has the reference, without an account too", async () => {
    const { token, reference } = await send({ text: "für alle" });
    for (const opened of [await bob.loadToken(reference.truncate()), await anonymous.loadPeerTokenByReference(reference)]) {
      assert.deepEqual(opened.content.toJSON(), { text: "für alle" });
      assert.equal(opened.createdBy.toString(), alice.address);
      assert.equal(opened.expiresAt.toISOString(), token.expiresAt.toISOString());
    }
    const own = await alice.account.tokens.loadPeerTokenByReference(reference, false);
    assert.equal(own.isOwn, true);
  });

  it("open only for the identity they are made for", async () => {
    const { token, reference } = await send({ for: "Bob" }, { forIdentity: bob.account.identity.address });
    assert.deepEqual((await bob.loadToken(reference.toUrl())).content.toJSON(), { for: "Bob" });
    await assert.rejects(anonymous.loadPeerTokenByReference(reference), {
      code: "error.transport.general.notIntendedForYou"
    });
    const stripped = TokenReference.from({ id: token.id, key: token.secretKey });
    await assert.rejects(anonymous.loadPeerTokenByReference(stripped), NOT_FOUND);
    const carol = await TypeScriptPeer.create(world, "carol");
    await assert.rejects(carol.account.tokens.loadPeerTokenByReference(stripped, true), NOT_FOUND);
  });

  it("ask for their password unless they were opened before", async () => {
    const { token, reference } = await send({ secret: 1 }, { passwordProtection: { passwordType: "pin4", password: "0042" } });
    await assert.rejects(anonymous.loadPeerTokenByReference(reference, "0041"), NOT_FOUND);
    assert.deepEqual((await anonymous.loadPeerTokenByReference(reference, "0042")).content.toJSON(), { secret: 1 });
    await assert.rejects(bob.loadToken(reference.truncate(), "42"), NOT_FOUND);
    const unprotected = TokenReference.from({ id: token.id, key: token.secretKey });
    await assert.rejects(bob.account.tokens.loadPeerTokenByReference(unprotected, true), NOT_FOUND);

    assert.deepEqual((await bob.loadToken(reference.truncate(), "0042")).content.toJSON(), { secret: 1 });
    const again = await bob.account.tokens.loadPeerTokenByReference(unprotected, true);
    assert.deepEqual(again.content.toJSON(), { secret: 1 });
    await assert.rejects(anonymous.loadPeerTokenByReference(unprotected), NOT_FOUND);
  });

  it("are gone when their creator deletes them", async () => {
    const { token, reference } = await send({});
    await alice.account.tokens.delete(token);
    await assert.rejects(bob.loadToken(reference.truncate()), NOT_FOUND);
    assert.equal(await alice.account.tokens.getToken(token.id), undefined);
  });

  it("live as long as they say: for a moment or to the year 9999", async () => {
    const forever = await send({ eternal: true }, { expiresAt: CoreDate.from("9999-12-31T00:00:00.000Z") });
    assert.equal((await bob.loadToken(forever.reference.truncate())).expiresAt.toISOString(), "9999-12-31T00:00:00.000Z");

    const brief = await inTime((expiresAt) => send({}, { expiresAt }));
    await eventually(() => assert.rejects(anonymous.loadPeerTokenByReference(brief.reference), NOT_FOUND));
    const reread = TokenReference.from({ id: brief.token.id, key: brief.token.secretKey });
    await assert.rejects(bob.account.tokens.loadPeerTokenByReference(reread, true), NOT_FOUND);
  });

  describe("that are empty at first", () => {
    let empty;
    let reference;

    before(async () => {
      empty = await anonymous.createEmptyToken();
      reference = empty.toTokenReference(world.backboneUrl);
    });

    const fill = (peer, content) =>
      peer.account.tokens.updateTokenContent({
        id: empty.id,
        secretKey: empty.secretKey,
        content,
        passwordProtection: reference.passwordProtection
      });

    it("are seen as empty by both sides", async () => {
      assert.equal(await bob.account.tokens.isEmptyToken(reference), true);
      await assert.rejects(anonymous.loadPeerTokenByReference(reference), { code: "error.transport.tokens.emptyToken" });
    });

    it("keep out who has the wrong password", async () => {
      const { salt, passwordType } = reference.passwordProtection;
      const wrong = { salt, passwordType, password: "wrong" };
      const { id, secretKey } = empty;
      const parameters = { id, secretKey, content: bob.account.identity.identity, passwordProtection: wrong };
      await assert.rejects(bob.account.tokens.updateTokenContent(parameters), NOT_FOUND);
    });

    it("are filled once, and belong to who filled them", async () => {
      const { identity } = bob.account.identity;
      await fill(bob, identity);
      const opened = await anonymous.loadPeerTokenByReference(reference);
      assert.deepEqual(opened.content.toJSON(), identity.toJSON());
      assert.equal(opened.createdBy.toString(), bob.address);
      assert.equal(await alice.account.tokens.isEmptyToken(reference), false);

      await assert.rejects(fill(alice, alice.account.identity.identity), {
        code: "error.platform.token.contentUpdateNotPossibleBecauseContentAlreadyExists"
      });
    });
  });
});
