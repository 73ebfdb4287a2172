import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { EventSource } from "eventsource";

import { eventually } from "../support/eventually.mjs";
import { connectorWithPeer, relateToConnector } from "../support/scenarios.mjs";

/** How many messages are sent before the Connector is killed, around that, and after it. A Backbone keeps at most 20. */
const ROUND = 6;

describe("the event stream of a Connector, read with the npm package eventsource", () => {
  let context;
  let connector;
  let sent;
  const sources = [];

  before(async () => {
    context = await connectorWithPeer("streamer", "listener");
    connector = context.connector;
    await relateToConnector(connector, context.peer);
  });
  after(async () => {
    sources.forEach((source) => source.close());
    await context?.world.stop();
  });

  /** A client that keeps what it gets; its library connects again and remembers positions by itself. */
  function listen(query) {
    const requests = [];
    const source = new EventSource(`${connector.url}/api/delivery/v1/EventStream${query}`, {
      fetch: (url, init) => {
        requests.push(init.headers["Last-Event-ID"]);
        return fetch(url, { ...init, headers: { ...init.headers, "X-API-KEY": connector.apiKey } });
      }
    });
    sources.push(source);
    const client = { source, requests, events: [], positions: [], gaps: [] };
    source.addEventListener("position", (event) => client.positions.push(JSON.parse(event.data).after));
    source.addEventListener("gap", (event) => client.gaps.push(JSON.parse(event.data)));
    for (const name of ["transport.messageSent", "transport.relationshipChanged"]) {
      source.addEventListener(name, (event) =>
        client.events.push({ position: Number(event.lastEventId), name, ...JSON.parse(event.data) })
      );
    }
    return client;
  }

  async function send(count) {
    const content = { "@type": "ArbitraryMessageContent", value: {} };
    for (let index = 0; index < count; index++) {
      const { id } = await connector.post("/Messages", { recipients: [context.peer.address], content });
      sent.push(id);
    }
  }

  const received = (client) => client.events.filter(({ trigger }) => trigger === "transport.messageSent");

  it("loses nothing when the Connector is killed and started again", async () => {
    sent = [];
    const client = listen("?trigger=transport.*");
    await eventually(() => assert.equal(client.positions.length, 1));
    await send(ROUND);
    await eventually(() => assert.equal(received(client).length, ROUND));

    const { port } = connector.process;
    connector.env = { infrastructure__httpServer__port: `${port}` };
    const sending = send(ROUND).catch((error) => error);
    await eventually(() => assert.ok(sent.length > ROUND));
    await connector.kill();
    await sending;
    await connector.run();
    // These happen while the client is away, or just back.
    await send(ROUND);

    const messages = await connector.get("/Messages");
    await eventually(() => {
      const ids = new Set(received(client).map(({ data }) => data.id));
      messages.forEach(({ id }) => assert.ok(ids.has(id), `${id} was not told`));
    });
    assert.ok(messages.length >= 2 * ROUND + 1, `${messages.length} messages`);
    assert.ok(client.requests.length > 1, "the client had to connect again");
    assert.equal(client.requests[0], undefined);
    assert.ok(client.requests.slice(1).every((position) => Number(position) > 0), client.requests.join(", "));
    assert.deepEqual(client.gaps, []);
    const positions = client.events.map(({ position }) => position);
    assert.deepEqual(positions, [...new Set(positions)].sort((left, right) => left - right));
    const ids = received(client).map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length, "each event has an id of its own");
  });

  it("begins anywhere, and tells what its triggers mean", async () => {
    const fromTheBeginning = listen("?after=0&trigger=transport.relationshipChanged");
    await eventually(() => assert.ok(fromTheBeginning.events.length >= 2));
    assert.deepEqual(fromTheBeginning.positions, [0]);
    assert.equal(fromTheBeginning.events.at(-1).data.status, "Active");
    assert.ok(fromTheBeginning.events.every(({ name }) => name === "transport.relationshipChanged"));

    const half = sent[ROUND - 1];
    const place = received(await everything()).find(({ data }) => data.id === half).position;
    const rest = listen(`?after=${place}&trigger=*.messageSent`);
    await eventually(() => assert.equal(rest.events.at(-1)?.data.id, sent.at(-1)));
    assert.equal(rest.events[0].position > place, true);
    assert.ok(!rest.events.some(({ data }) => data.id === half));
  });

  async function everything() {
    const client = listen("?after=0");
    await eventually(() => assert.equal(received(client).at(-1)?.data.id, sent.at(-1)));
    return client;
  }
});
