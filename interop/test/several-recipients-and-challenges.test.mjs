import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { CryptoSignature } from "@nmshd/crypto";
import { ChallengeSigned } from "@nmshd/transport";

import { World } from "../support/processes.mjs";
import { inOneHour, TypeScriptPeer } from "../support/typescript-peer.mjs";

const CONTENT = { "@type": "ArbitraryMessageContent", value: { to: "all" } };

/** The TypeScript object for a challenge as the REST API gives it. */
function signedChallenge({ challengeString, signature }) {
  return ChallengeSigned.from({ challenge: challengeString, signature: CryptoSignature.fromBase64(signature) });
}

/** A Connector with Active relationships to two TypeScript identities. */
describe("a Connector between two TypeScript identities", () => {
  let world;
  let connector;
  let address;
  let peers;

  before(async () => {
    world = await World.create();
    connector = await world.startConnector("hub");
    ({ address } = await connector.get("/Account/IdentityInfo"));
    peers = [await TypeScriptPeer.create(world, "left"), await TypeScriptPeer.create(world, "right")];

    const template = await connector.post("/RelationshipTemplates/Own", {
      content: { "@type": "ArbitraryRelationshipTemplateContent", value: {} },
      expiresAt: inOneHour().toISOString()
    });
    for (const peer of peers) {
      const loaded = await peer.loadTemplate(template.reference.url);
      const creationContent = { "@type": "ArbitraryRelationshipCreationContent", value: {} };
      const { id } = await peer.requestRelationship(loaded, creationContent);
      await connector.sync();
      await connector.put(`/Relationships/${id.toString()}/Accept`);
      await peer.sync();
    }
  });

  after(() => world?.stop());

  it("sends one message with an attachment to both", async () => {
    const bytes = Buffer.from("for both");
    const file = await connector.uploadFile({ name: "both.txt", type: "text/plain", bytes, title: "Both" });
    const recipients = peers.map((peer) => peer.address);
    const sent = await connector.post("/Messages", { recipients, content: CONTENT, attachments: [file.id] });
    assert.deepEqual(sent.recipients.map((recipient) => recipient.address).sort(), [...recipients].sort());

    for (const peer of peers) {
      const { messages } = await peer.sync();
      assert.deepEqual(
        messages.map((message) => message.id.toString()),
        [sent.id]
      );
      assert.deepEqual(messages[0].content.toJSON(), CONTENT);
      assert.deepEqual(await peer.downloadFile(messages[0].attachments[0]), bytes);
    }
  });

  it("proves its identity to a peer by a challenge, and checks the peer's", async () => {
    const [peer] = peers;
    const own = await connector.post("/Challenges", { challengeType: "Identity" });
    const checked = await peer.account.challenges.validateChallenge(signedChallenge(own));
    assert.equal(checked.isValid, true);
    assert.equal(checked.correspondingRelationship.peer.address.toString(), address);

    const theirs = await peer.account.challenges.createChallenge("Identity");
    const body = { challengeString: theirs.challenge, signature: theirs.signature.toBase64(false) };
    const result = await connector.post("/Challenges/Validate", body, 200);
    assert.equal(result.isValid, true);
    assert.equal(result.correspondingRelationship.peer, peer.address);

    const later = theirs.challenge.replace(/"expiresAt":"\d{4}/, '"expiresAt":"2999');
    const forged = { ...body, challengeString: later };
    assert.notEqual(later, theirs.challenge);
    assert.equal((await connector.post("/Challenges/Validate", forged, 200)).isValid, false);
  });

  it("proves a relationship by a challenge", async () => {
    const [peer] = peers;
    const [{ id }] = await connector.get(`/Relationships?peer=${encodeURIComponent(peer.address)}`);
    const own = await connector.post("/Challenges", { challengeType: "Relationship", relationship: id });
    assert.equal((await peer.account.challenges.validateChallenge(signedChallenge(own))).isValid, true);
  });
});
