import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { Serializable, serialize, type, validate } from "@js-soft/ts-serval";
import {
  Mail,
  Notification,
  RelationshipCreationContent,
  RelationshipTemplateContent,
  RequestItem,
  ResponseWrapper
} from "@nmshd/content";

import { connectorWithPeer, relateToConnector } from "../support/scenarios.mjs";
import { inOneHour } from "../support/typescript-peer.mjs";

/** What a peer of a later release might send. */
class LaterMessageContent extends Serializable {}
register(LaterMessageContent, "LaterMessageContent");
class LaterRequestItem extends RequestItem {}
register(LaterRequestItem, "LaterRequestItem");

/** What the decorators of the library and the TypeScript compiler do, without either. */
function register(contentClass, name) {
  Reflect.defineMetadata("design:type", Object, contentClass.prototype, "novelty");
  validate()(contentClass.prototype, "novelty");
  serialize({ any: true })(contentClass.prototype, "novelty");
  type(name)(contentClass);
}

const QUESTIONS = {
  title: "Questions",
  metadata: { z: 1, a: [2] },
  items: [
    { "@type": "AuthenticationRequestItem", title: "Sign in", mustBeAccepted: true },
    {
      "@type": "RequestItemGroup",
      title: "About you",
      items: [
        {
          "@type": "ReadAttributeRequestItem",
          mustBeAccepted: false,
          query: { "@type": "IdentityAttributeQuery", valueType: "GivenName", tags: ["x:a"] }
        },
        {
          "@type": "CreateAttributeRequestItem",
          mustBeAccepted: false,
          attribute: {
            "@type": "IdentityAttribute",
            owner: "",
            value: { "@type": "StreetAddress", recipient: "Ä", street: "S", houseNo: "1", zipCode: "1", city: "C", country: "DE" }
          }
        },
        {
          "@type": "FormFieldRequestItem",
          mustBeAccepted: false,
          title: "Stars",
          settings: { "@type": "RatingFormFieldSettings", maxRating: 5 }
        }
      ]
    }
  ]
};

const RESPONSE = { result: "Accepted", requestId: "REQ00000000000000001", items: [{ "@type": "AcceptResponseItem", result: "Accepted" }] };
const DELETED = { "@type": "OwnAttributeDeletedByOwnerNotificationItem", attributeId: "ATT00000000000000001" };

describe("contents between a Connector and a TypeScript identity", () => {
  let context;
  let connector;
  let peer;

  before(async () => {
    context = await connectorWithPeer("contents", "contents-peer");
    ({ connector, peer } = context);
  });
  after(() => context?.world.stop());

  const received = async (sent) => {
    await connector.sync();
    const { content } = await connector.get(`/Messages/${sent.id.toString()}`);
    const event = await context.webhooks.event("transport.messageReceived", ({ id }) => id === sent.id.toString());
    assert.deepEqual(event.content, content);
    return content;
  };
  const send = (content) => connector.post("/Messages", { recipients: [peer.address], content });

  it("a template with Requests of the TypeScript side is shown as it was made", async () => {
    const { template, reference } = await peer.createTemplate(
      RelationshipTemplateContent.from({ onNewRelationship: QUESTIONS, onExistingRelationship: { items: [QUESTIONS.items[0]] } })
    );
    const loaded = await connector.post("/RelationshipTemplates/Peer", { reference: reference.truncate() });
    assert.equal(JSON.stringify(loaded.content), template.content.serialize());
    const event = await context.webhooks.event("transport.peerRelationshipTemplateLoaded", ({ id }) => id === loaded.id);
    assert.deepEqual(event.content, loaded.content);
  });

  it("a template with Requests of the Connector is read and answered by the TypeScript side", async () => {
    const expiresAt = inOneHour().toISOString();
    const body = { content: { title: "Hello", "@type": "RelationshipTemplateContent", onNewRelationship: QUESTIONS }, expiresAt };
    const own = await connector.post("/RelationshipTemplates/Own", body);
    assert.equal(own.content.onNewRelationship.expiresAt, expiresAt);

    const template = await peer.loadTemplate(own.reference.truncated);
    assert.ok(template.content instanceof RelationshipTemplateContent);
    assert.equal(template.content.serialize(), JSON.stringify(own.content));

    const creationContent = RelationshipCreationContent.from({ response: RESPONSE });
    const { id } = await peer.requestRelationship(template, creationContent);
    await connector.sync();
    const pending = await connector.get(`/Relationships/${id.toString()}`);
    assert.deepEqual(pending.creationContent, { "@type": "RelationshipCreationContent", response: RESPONSE });
    await connector.put(`/Relationships/${id.toString()}/Reject`);
    await peer.sync();
  });

  it("what cannot be asked of anybody is refused", async () => {
    const refused = async (items, more = {}) => {
      const content = { "@type": "RelationshipTemplateContent", onNewRelationship: { items, ...more } };
      const body = { content, expiresAt: inOneHour().toISOString() };
      return (await connector.refused("POST", "/RelationshipTemplates/Own", 400, body)).code;
    };
    const inherited = "error.consumption.requests.validation.inheritedFromItem";
    const [question] = QUESTIONS.items;
    const offer = { "@type": "TransferFileOwnershipRequestItem", mustBeAccepted: true };
    const { reference, ownershipToken } = await connector.uploadFile({ name: "f", type: "text/plain", bytes: Buffer.from("f"), title: "F" });
    assert.equal(await refused([{ ...offer, fileReference: reference.truncated, ownershipToken: "wrong" }]), inherited);
    const theirs = await peer.sendFile({ name: "f", type: "text/plain", bytes: Buffer.from("f") });
    const fileReference = theirs.toFileReference(peer.transport.config.baseUrl).truncate();
    assert.equal(await refused([{ ...offer, fileReference, ownershipToken }]), inherited);
    assert.equal(await refused([{ "@type": "DeleteAttributeRequestItem", mustBeAccepted: true, attributeId: "ATT" }]), inherited);
    assert.equal(
      await refused([question], { expiresAt: "2020-01-01" }),
      "error.consumption.requests.cannotCreateRequestWithExpirationDateInPast"
    );
    assert.equal(
      await refused([question], { expiresAt: "2099-01-01" }),
      "error.runtime.relationshipTemplates.requestCannotExpireAfterRelationshipTemplate"
    );
    assert.equal(await refused([{ ...question, mustBeAccepted: "yes" }]), "error.runtime.requestDeserialization");
  });

  describe("once there is a relationship", () => {
    before(() => relateToConnector(connector, peer));

    it("a Mail in Markdown travels to a reader that does not know formats", async () => {
      const mail = { "@type": "Mail", to: [peer.address], subject: "s", body: "*b*", bodyFormat: "Markdown", unknown: 1 };
      const { content } = await send(mail);
      assert.deepEqual(content, { "@type": "Mail", to: [peer.address], cc: [], subject: "s", body: "*b*", bodyFormat: "Markdown" });
      const { messages } = await peer.sync();
      assert.ok(messages[0].content instanceof Mail);
      assert.equal(messages[0].content.body, "*b*");
    });

    it("Notifications reach both sides", async () => {
      const theirs = Notification.from({ id: "NOT00000000000000001", items: [DELETED] });
      const sent = await peer.sendMessage([context.address], theirs);
      assert.equal(JSON.stringify(await received(sent)), theirs.serialize());

      const own = await send({ "@type": "Notification", items: [DELETED], id: "NOT00000000000000002" });
      const { messages } = await peer.sync();
      assert.ok(messages[0].content instanceof Notification);
      assert.equal(messages[0].content.serialize(), JSON.stringify(own.content));
    });

    it("a Response reaches both sides", async () => {
      const wrapped = {
        "@type": "ResponseWrapper",
        requestId: RESPONSE.requestId,
        requestSourceReference: "MSG00000000000000001",
        requestSourceType: "Message",
        response: RESPONSE
      };
      const sent = await peer.sendMessage([context.address], ResponseWrapper.from(wrapped));
      assert.deepEqual(await received(sent), wrapped);
      await send({ ...wrapped, response: { "@type": "Response", ...RESPONSE } });
      const { messages } = await peer.sync();
      assert.deepEqual(messages[0].content.toJSON(), wrapped);
    });

    it("contents of a later release are kept and shown", async () => {
      const later = { "@type": "LaterMessageContent", novelty: { b: 1, a: [null, "ä"] } };
      const wrapped = { "@type": "ArbitraryMessageContent", value: later };
      assert.deepEqual(await received(await peer.sendMessage([context.address], later)), wrapped);

      const item = { "@type": "LaterRequestItem", mustBeAccepted: true, novelty: 1 };
      const request = { "@type": "Request", id: "REQ00000000000000002", items: [...QUESTIONS.items, item] };
      const shown = await received(await peer.sendMessage([context.address], request));
      assert.equal(shown["@type"], "Request");
      assert.deepEqual(shown.items.at(-1), item);
      assert.equal(shown.items.length, 3);
    });

    it("wrong contents are refused with their codes", async () => {
      const refused = async (status, content) => {
        const body = { recipients: [peer.address], content };
        return (await connector.refused("POST", "/Messages", status, body)).code;
      };
      const [question] = QUESTIONS.items;
      const request = { "@type": "Request", id: "REQ00000000000000003", items: [question] };
      assert.equal(await refused(404, request), "error.runtime.recordNotFound");
      assert.equal(await refused(400, { ...request, items: [] }), "error.runtime.requestDeserialization");
      assert.equal(await refused(400, { "@type": "LaterMessageContent" }), "error.runtime.unknownType");
      assert.equal(await refused(400, QUESTIONS.items[1].items[1].attribute), "error.runtime.validation.invalidPropertyValue");
      assert.equal(await refused(400, { "@type": "Notification", id: "NOT", items: [question] }), "error.runtime.requestDeserialization");
    });
  });
});
