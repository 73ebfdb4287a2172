import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { connectorWithPeer, relateToConnector } from "../support/scenarios.mjs";
import { TypeScriptPeer } from "../support/typescript-peer.mjs";

const content = (value) => ({ "@type": "ArbitraryMessageContent", value });

describe("a Connector and a TypeScript identity with two devices", () => {
  let context;
  let connector;
  let phone;
  let tablet;
  let id;

  before(async () => {
    context = await connectorWithPeer("partner", "unused");
    ({ connector } = context);
    phone = await TypeScriptPeer.create(context.world, "phone", { datawalletEnabled: true });
    id = await relateToConnector(connector, phone);
    await phone.account.syncDatawallet();
    tablet = await phone.createDevice(context.world, "tablet");
  });
  after(() => context?.world.stop());

  it("read what each of them sends, with the keys of the one relationship", async () => {
    for (const [device, name] of [
      [phone, "from the phone"],
      [tablet, "from the tablet"]
    ]) {
      const sent = await device.sendMessage([context.address], content(name));
      await connector.sync();
      const message = await connector.get(`/Messages/${sent.id.toString()}`);
      assert.equal(message.content.value, name);
      assert.equal(message.createdByDevice, device.account.activeDevice.id.toString());
    }
  });

  it("bring an answer to both, whichever fetches it", async () => {
    const sent = await connector.post("/Messages", { recipients: [phone.address], content: content("to both") });
    assert.equal((await tablet.sync()).messages[0].id.toString(), sent.id);
    assert.deepEqual((await phone.sync()).messages, []);
    const [copy] = (await phone.account.messages.getMessages()).filter((message) => message.id.toString() === sent.id);
    assert.deepEqual(copy.content.toJSON(), content("to both"));
  });

  it("terminate on the one and reactivate on the other", async () => {
    await tablet.act("terminate", id);
    await tablet.account.syncDatawallet();
    await connector.sync();
    await connector.put(`/Relationships/${id}/Reactivate`);
    await phone.sync();
    await phone.act("acceptReactivation", id);
    await phone.account.syncDatawallet();
    await tablet.account.syncDatawallet();
    await connector.sync();
    assert.equal((await tablet.relationship(id)).status, "Active");
    assert.equal((await connector.get(`/Relationships/${id}`)).status, "Active");
  });
});
