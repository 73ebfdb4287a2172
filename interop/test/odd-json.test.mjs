import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { Mail, RelationshipTemplateContent } from "@nmshd/content";

import { connectorWithPeer, relateToConnector } from "../support/scenarios.mjs";
import { inOneHour } from "../support/typescript-peer.mjs";

/** How deep the Connector reads arrays and objects, what is wrapped around a content included. */
const MAX_DEPTH = 256;

const LONE = "Hello \ud83d";
const SHOWN = "Hello \ufffd";

/** Arrays in arrays around a number, as text: comparing so many levels would exhaust the stack. */
const arrays = (levels) => "[".repeat(levels) + "1" + "]".repeat(levels);

/** More levels than this exhaust the usual stack of Node.js in the library, which copies what it stores. */
const MOST_FOR_NODE = 1_000;

/**
 * Lets `act` send arrays in arrays, given as a value to put into a content. What Node.js cannot handle itself, runtimes with
 * a larger stack can; then the value stands for the arrays in what the library writes.
 */
async function withArrays(levels, act) {
  if (levels <= MOST_FOR_NODE) {
    return await act(JSON.parse(arrays(levels)));
  }
  const { stringify } = JSON;
  JSON.stringify = (...args) => stringify(...args)?.replace('"arrays"', arrays(levels));
  try {
    return await act("arrays");
  } finally {
    JSON.stringify = stringify;
  }
}

/** The arrays in a content that is read with `around` levels around it. */
const shownArrays = (levels, around) => {
  const read = Math.min(levels, MAX_DEPTH - around);
  const rest = read < levels ? JSON.stringify(arrays(levels - read)) : "1";
  return "[".repeat(read) + rest + "]".repeat(read);
};

const message = (value) => ({ "@type": "ArbitraryMessageContent", value });
const template = (value) => ({ "@type": "ArbitraryRelationshipTemplateContent", value });

describe("JSON that JavaScript writes and few others do, from a TypeScript identity", () => {
  let context;
  let connector;
  let peer;

  before(async () => {
    context = await connectorWithPeer("odd-json", "odd-json-peer");
    ({ connector, peer } = context);
    await relateToConnector(connector, peer);
  });
  after(() => context?.world.stop());

  /** What is shown of a message, over REST and by the webhook. A message that follows has to arrive as well. */
  const shownOf = async (odd) => {
    const next = await peer.sendMessage([context.address], Mail.from({ to: [context.address], subject: "next", body: "next" }));
    await connector.sync();
    const shown = (await connector.get(`/Messages/${odd.id.toString()}`)).content;
    assert.equal((await connector.get(`/Messages/${next.id.toString()}`)).content.subject, "next");
    const listed = (await connector.get("/Messages")).map(({ id }) => id);
    assert.ok(listed.includes(odd.id.toString()) && listed.includes(next.id.toString()));
    for (const { id } of [odd, next]) {
      const event = await context.webhooks.event("transport.messageReceived", (data) => data.id === id.toString());
      if (id === odd.id) {
        assert.equal(JSON.stringify(event.content), JSON.stringify(shown));
      }
    }
    return shown;
  };
  const received = async (content) => shownOf(await peer.sendMessage([context.address], content));

  it("a Mail with a lone surrogate is received", async () => {
    const mail = Mail.from({ to: [context.address], subject: LONE, body: "\udc00 \ud83d\ude00" });
    const shown = await received(mail);
    assert.deepEqual(shown, { "@type": "Mail", to: [context.address], cc: [], subject: SHOWN, body: "\ufffd 😀" });
  });

  it("so are lone surrogates in names, and U+0000", async () => {
    assert.deepEqual(await received(message({ [LONE]: [LONE], "\u0000": "a\u0000b" })), message({ [SHOWN]: [SHOWN], "\u0000": "a\u0000b" }));
  });

  for (const levels of [200, MAX_DEPTH - 2, MAX_DEPTH - 1, 1_000, 5_000, 100_000]) {
    it(`so are ${levels} arrays in one another`, async () => {
      const odd = await withArrays(levels, (value) => peer.sendMessage([context.address], message(value)));
      const shown = await shownOf(odd);
      assert.equal(JSON.stringify(shown.value), shownArrays(levels, 2));
    });
  }

  it("templates are loaded, and a request for a Relationship arrives", async () => {
    const load = async (content) => shownTemplate(await peer.createTemplate(content));
    const shownTemplate = async ({ reference }) => {
      const loaded = await connector.post("/RelationshipTemplates/Peer", { reference: reference.truncate() });
      const event = await context.webhooks.event("transport.peerRelationshipTemplateLoaded", ({ id }) => id === loaded.id);
      assert.equal(JSON.stringify(event.content), JSON.stringify(loaded.content));
      return loaded.content;
    };
    assert.deepEqual(await load(template({ text: LONE })), template({ text: SHOWN }));
    const question = { "@type": "AuthenticationRequestItem", title: LONE, mustBeAccepted: true };
    const asked = await load(RelationshipTemplateContent.from({ onNewRelationship: { items: [question] } }));
    assert.equal(asked.onNewRelationship.items[0].title, SHOWN);
    for (const levels of [200, 5_000]) {
      const deep = await withArrays(levels, (value) => peer.createTemplate(template(value)));
      assert.equal(JSON.stringify((await shownTemplate(deep)).value), shownArrays(levels, 2));
    }
  });

  it("a Relationship is requested with such a content", async () => {
    const other = await connectorWithPeer("odd-json-2", "odd-json-peer-2");
    try {
      const own = await other.connector.post("/RelationshipTemplates/Own", { content: template({}), expiresAt: inOneHour().toISOString() });
      const loaded = await other.peer.loadTemplate(own.reference.truncated);
      const { id } = await withArrays(5_000, (deep) => {
        const content = { "@type": "ArbitraryRelationshipCreationContent", value: { text: LONE, deep } };
        return other.peer.requestRelationship(loaded, content);
      });
      await other.connector.sync();
      const { creationContent } = await other.connector.get(`/Relationships/${id.toString()}`);
      assert.equal(creationContent.value.text, SHOWN);
      assert.equal(JSON.stringify(creationContent.value.deep), shownArrays(5_000, 3));
      await other.connector.put(`/Relationships/${id.toString()}/Accept`);
      await other.peer.sync();
      await other.peer.sendMessage([other.address], message("hello"));
      await other.connector.sync();
      assert.deepEqual((await other.connector.get("/Messages")).map(({ content }) => content), [message("hello")]);
    } finally {
      await other.world.stop();
    }
  });

  it("tokens and files are loaded", async () => {
    const send = (content) => peer.account.tokens.sendToken({ content, expiresAt: inOneHour(), ephemeral: true });
    const load = async (token) => {
      const { id } = await connector.post("/Tokens/Peer", { reference: token.toTokenReference(context.world.backboneUrl).truncate() });
      return (await connector.get(`/Tokens/${id}`)).content;
    };
    assert.deepEqual(await load(await send({ text: LONE, "\u0000": "\u0000" })), { text: SHOWN, "\u0000": "\u0000" });
    for (const levels of [200, 5_000]) {
      const deep = await withArrays(levels, (value) => send({ value }));
      assert.equal(JSON.stringify((await load(deep)).value), shownArrays(levels, 1));
    }
    const theirs = await peer.sendFile({ name: `${LONE}.txt`, type: "text/plain", bytes: Buffer.from("x"), title: LONE });
    const file = await connector.post("/Files/Peer", { reference: theirs.toFileReference(context.world.backboneUrl).truncate() });
    assert.deepEqual([file.filename, file.title], [`${SHOWN}.txt`, SHOWN]);
  });

  it("the Connector sends what it takes, and refuses what is too deep", async () => {
    const send = (value) => connector.post("/Messages", { recipients: [peer.address], content: message(value) });
    const own = [await send({ text: LONE }), await send(JSON.parse(arrays(200))), await send(JSON.parse(arrays(MAX_DEPTH - 2)))];
    assert.deepEqual(own[0].content, message({ text: SHOWN }));
    const { messages } = await peer.sync();
    const values = messages.map(({ content }) => JSON.stringify(content.toJSON().value));
    assert.deepEqual(values, [JSON.stringify({ text: SHOWN }), arrays(200), arrays(MAX_DEPTH - 2)]);
    const body = { recipients: [peer.address], content: message(JSON.parse(arrays(MAX_DEPTH - 1))) };
    const { code } = await connector.refused("POST", "/Messages", 400, body);
    assert.equal(code, "error.connector.validation.payloadNestedTooDeeply");
  });
});
