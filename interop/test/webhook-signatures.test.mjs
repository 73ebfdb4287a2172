import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";

import { Webhook } from "standardwebhooks";

import { WebhookReceiver, World } from "../support/processes.mjs";
import { relateToConnector } from "../support/scenarios.mjs";
import { TypeScriptPeer } from "../support/typescript-peer.mjs";

const secret = () => `whsec_${randomBytes(32).toString("base64")}`;

describe("webhooks that a receiver verifies with the library of Standard Webhooks", () => {
  const [current, next, unpadded] = [secret(), secret(), randomBytes(25).toString("base64").replaceAll("=", "")];
  let world;
  let webhooks;
  let connector;
  let peer;

  before(async () => {
    world = await World.create();
    webhooks = await WebhookReceiver.start();
    world.onStop(() => webhooks.stop());
    const target = (name, signingSecret) => ({ url: `${webhooks.url}/${name}/{{trigger}}`, signingSecret });
    const webhook = (target) => ({ triggers: ["transport.*", "runtime.*"], target });
    connector = await world.startConnector("signing", {
      webhooks: {
        enabled: true,
        targets: {
          one: target("one", current),
          rotating: target("rotating", [current, next]),
          plain: target("plain", unpadded),
          unsigned: { url: `${webhooks.url}/unsigned` }
        },
        webhooks: ["one", "rotating", "plain", "unsigned"].map(webhook)
      }
    });
    peer = await TypeScriptPeer.create(world, "peer");
  });
  after(() => world?.stop());

  const to = (target, trigger) =>
    webhooks.delivered((delivery) => delivery.url.startsWith(`/events/${target}`) && delivery.body.trigger === trigger);

  const verify = (delivery, withSecret) => new Webhook(withSecret).verify(delivery.text, delivery.headers);

  it("have valid signatures, with and without data", async () => {
    await relateToConnector(connector, peer);
    const { address } = await connector.get("/Account/IdentityInfo");
    await peer.sendMessage([address], { text: "Grüße – 你好 \u2028 \"\\\" 🚀" });
    await connector.sync();
    for (const trigger of ["runtime.modulesStarted", "transport.relationshipChanged", "transport.messageReceived"]) {
      for (const [target, secrets] of [
        ["one", [current]],
        ["rotating", [current, next]],
        ["plain", [`whsec_${Buffer.from(unpadded, "base64").toString("base64")}`]]
      ]) {
        const delivery = await to(target, trigger);
        assert.equal(delivery.headers["webhook-id"], delivery.headers["x-delivery-id"]);
        for (const withSecret of secrets) {
          assert.deepEqual(verify(delivery, withSecret), delivery.body);
        }
        assert.throws(() => verify(delivery, secret()), /No matching signature/);
        assert.throws(() => verify({ ...delivery, text: `${delivery.text} ` }, current), /No matching signature/);
      }
    }
  });

  it("have an id and a time without a secret as well", async () => {
    const { headers } = await to("unsigned", "runtime.modulesStarted");
    assert.equal(headers["webhook-signature"], undefined);
    assert.equal(headers["webhook-id"], headers["x-event-id"]);
    assert.ok(Math.abs(Number(headers["webhook-timestamp"]) - Date.now() / 1000) < 60);
  });
});

describe("webhooks through a proxy", () => {
  let world;
  let proxy;
  let direct;

  before(async () => {
    world = await World.create();
    [proxy, direct] = [await WebhookReceiver.start(), await WebhookReceiver.start()];
    world.onStop(() => Promise.all([proxy.stop(), direct.stop()]));
    const webhook = (url) => ({ triggers: ["runtime.*"], target: { url } });
    await world.startConnector(
      "proxied",
      { webhooks: { enabled: true, webhooks: [webhook("http://crm.example/hook"), webhook(direct.url)] } },
      { HTTP_PROXY: new URL(proxy.url).origin, NO_PROXY: "localhost,127.0.0.1" }
    );
  });
  after(() => world?.stop());

  it("go to the proxy that the environment names, but for hosts that it leaves out", async () => {
    const { url, headers, body } = await proxy.delivered(() => true);
    assert.equal(url, "http://crm.example/hook");
    assert.equal(headers.host, "crm.example");
    assert.equal(body.trigger, "runtime.modulesStarted");
    assert.equal((await direct.delivered(() => true)).body.trigger, "runtime.modulesStarted");
    assert.equal(proxy.deliveries.length, 1);
  });
});
