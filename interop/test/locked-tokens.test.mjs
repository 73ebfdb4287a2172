import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { TokenReference } from "@nmshd/transport";

import { connectorWithPeer, relateToConnector } from "../support/scenarios.mjs";
import { inOneHour, TypeScriptPeer } from "../support/typescript-peer.mjs";

/** Wrong passwords until the Backbone locks a token (`docs/protocol/03 §8`). */
const ATTEMPTS = 100;
const LOCKED = "error.platform.token.tooManyFailedPasswordAttempts";
const CONTENT = { "@type": "ArbitraryMessageContent", value: 1 };

describe("a token that somebody tried too many passwords on", () => {
  let context;
  let connector;
  let peer;

  before(async () => {
    context = await connectorWithPeer("locked", "locked-peer");
    ({ connector, peer } = context);
    await relateToConnector(connector, peer);
  });
  after(() => context?.world.stop());

  /** Answers to guesses without an account; the last one locks. */
  async function lock(id) {
    const codes = [];
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const password = encodeURIComponent(Buffer.from(`guess ${attempt}`).toString("base64"));
      const response = await fetch(`${context.world.backboneUrl}/api/v2/Tokens/${id}?password=${password}`);
      codes.push((await response.json()).error.code);
    }
    assert.deepEqual([...new Set(codes.slice(0, -1))], ["error.platform.recordNotFound"]);
    assert.equal(codes.at(-1), LOCKED);
  }

  it("of a TypeScript identity does not open any more, and its synchronisation goes on", async () => {
    const token = await peer.account.tokens.sendToken({
      content: {},
      expiresAt: inOneHour(),
      ephemeral: false,
      passwordProtection: { passwordType: "pin4", password: "1234" }
    });
    const reference = token.toTokenReference(context.world.backboneUrl).truncate();
    const reader = await TypeScriptPeer.create(context.world, "reader");
    await reader.loadToken(reference, "1234");
    await lock(token.id.toString());
    const error = await connector.refused("POST", "/Tokens/Peer", 400, { reference, password: "1234" });
    assert.equal(error.code, LOCKED);

    // Who opened it before may read it again, and so may its creator.
    const unprotected = TokenReference.from({ id: token.id, key: token.secretKey });
    await reader.account.tokens.loadPeerTokenByReference(unprotected, true);
    // The library knows no such event: it reports an error three times, and receives everything else.
    for (let run = 1; run <= 4; run++) {
      const sent = await connector.post("/Messages", { recipients: [peer.address], content: CONTENT });
      const { messages } = await peer.sync();
      assert.deepEqual(
        messages.map((message) => message.id.toString()),
        [sent.id]
      );
    }
  });

  it("of a Connector does not open any more, and its synchronisation goes on", async () => {
    const token = await connector.post("/Tokens/Own", {
      content: { a: 1 },
      expiresAt: inOneHour().toISOString(),
      passwordProtection: { password: "1234", passwordIsPin: true }
    });
    await lock(token.id);
    await assert.rejects(peer.loadToken(token.reference.url, "1234"), { code: LOCKED });
    const sent = await peer.sendMessage([context.address], CONTENT);
    await connector.sync();
    assert.equal((await connector.get(`/Messages/${sent.id.toString()}`)).isOwn, false);
    assert.deepEqual((await connector.get(`/Tokens/${token.id}`)).content, { a: 1 });
  });
});
