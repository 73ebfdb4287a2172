import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { connectorWithPeer, relatePeers, relateToConnector } from "../support/scenarios.mjs";
import { TypeScriptPeer } from "../support/typescript-peer.mjs";

/** As many as one sender may have on the way to one recipient (`docs/protocol/03 §6`). */
const MESSAGES_ON_THE_WAY = 20;
const SENDERS = 3;

/** More external events in one sync run than the Backbone puts on one page, which are 50. */
describe("a synchronisation of more than one page", () => {
  let context;
  let senders;

  before(async () => {
    context = await connectorWithPeer("busy", "busy-peer");
    senders = [];
    for (let number = 1; number <= SENDERS; number++) {
      senders.push(await TypeScriptPeer.create(context.world, `sender ${number}`));
    }
  });
  after(() => context?.world.stop());

  async function sendAll(recipient) {
    const sent = [];
    for (let round = 0; round < MESSAGES_ON_THE_WAY; round++) {
      for (const sender of senders) {
        const content = { "@type": "ArbitraryMessageContent", value: round };
        sent.push((await sender.sendMessage([recipient], content)).id.toString());
      }
    }
    await assert.rejects(senders[0].sendMessage([recipient], {}), {
      code: "error.platform.validation.message.maxNumberOfUnreceivedMessagesReached"
    });
    return sent;
  }

  it("brings a TypeScript identity everything in the order of sending", async () => {
    const { peer } = context;
    for (const sender of senders) {
      await relatePeers(peer, sender);
    }
    const sent = await sendAll(peer.address);
    const { messages } = await peer.sync();
    assert.deepEqual(
      messages.map((message) => message.id.toString()),
      sent
    );
    await senders[0].sendMessage([peer.address], {});
  });

  it("brings a Connector everything, and a webhook for each", async () => {
    const { connector, webhooks, address } = context;
    for (const sender of senders) {
      await relateToConnector(connector, sender);
    }
    const sent = await sendAll(address);
    await connector.sync();
    const messages = await connector.get("/Messages");
    assert.deepEqual(messages.map((message) => message.id).sort(), [...sent].sort());
    for (const id of sent) {
      await webhooks.event("transport.messageReceived", (data) => data.id === id);
    }
    await connector.sync();
    assert.equal((await connector.get("/Messages")).length, sent.length);
  });
});
