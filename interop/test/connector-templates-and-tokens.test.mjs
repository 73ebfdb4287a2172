import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { CoreAddress, CoreDate } from "@nmshd/core-types";
import { AnonymousTokenController, TokenContentRelationshipTemplate, TokenReference } from "@nmshd/transport";

import { eventually, inTime } from "../support/eventually.mjs";
import { connectorWithPeer } from "../support/scenarios.mjs";
import { inOneHour, TypeScriptPeer } from "../support/typescript-peer.mjs";

const CONTENT = { "@type": "ArbitraryRelationshipTemplateContent", value: { a: 1 } };
const NOT_FOUND = { code: "error.platform.recordNotFound" };
const NOT_FOR_YOU = "error.transport.general.notIntendedForYou";

describe("templates between a Connector and a TypeScript identity", () => {
  let context;
  let connector;
  let peer;
  let stranger;

  before(async () => {
    context = await connectorWithPeer("templates", "peer");
    ({ connector, peer } = context);
    stranger = await TypeScriptPeer.create(context.world, "stranger");
  });
  after(() => context?.world.stop());

  const create = (options) =>
    connector.post("/RelationshipTemplates/Own", { content: CONTENT, expiresAt: inOneHour().toISOString(), ...options });
  const load = (reference, status, password) => {
    const body = { reference: reference.truncate(), password };
    return status
      ? connector.refused("POST", "/RelationshipTemplates/Peer", status, body)
      : connector.post("/RelationshipTemplates/Peer", body);
  };

  it("open for one identity only, both ways", async () => {
    const own = await create({ forIdentity: peer.address });
    assert.equal(own.forIdentity, peer.address);
    assert.deepEqual((await peer.loadTemplate(own.reference.url)).content.toJSON(), CONTENT);
    await assert.rejects(stranger.loadTemplate(own.reference.url), { code: NOT_FOR_YOU });

    const forConnector = { forIdentity: CoreAddress.from(context.address) };
    const theirs = await peer.createTemplate(CONTENT, forConnector);
    assert.equal((await load(theirs.reference)).forIdentity, context.address);
    const foreign = await peer.createTemplate(CONTENT, { forIdentity: stranger.account.identity.address });
    assert.equal((await load(foreign.reference, 400)).code, NOT_FOR_YOU);
  });

  it("tell the Connector when they are used up", async () => {
    const own = await create({ maxNumberOfAllocations: 1 });
    await peer.loadTemplate(own.reference.url);
    await connector.sync();
    const event = "transport.relationshipTemplateAllocationsExhausted";
    const exhausted = await context.webhooks.event(event, (data) => data.id === own.id);
    assert.equal(exhausted.maxNumberOfAllocations, 1);
    const code = "error.platform.validation.relationshipTemplate.maxNumberOfAllocationsExhausted";
    await assert.rejects(stranger.loadTemplate(own.reference.url), { code });

    const theirs = await peer.createTemplate(CONTENT, { maxNumberOfAllocations: 1 });
    await stranger.loadTemplate(theirs.reference.truncate());
    const response = await connector.request("POST", "/RelationshipTemplates/Peer", {
      reference: theirs.reference.truncate()
    });
    assert.equal((await response.json()).error.code, code);
  });

  it("are refused with a wrong password and without one", async () => {
    const passwordProtection = { passwordType: "pin6", password: "123456" };
    const { reference } = await peer.createTemplate(CONTENT, { passwordProtection });
    assert.equal((await load(reference, 400)).code, "error.transport.noPasswordProvided");
    assert.equal((await load(reference, 404, "123457")).code, "error.runtime.recordNotFound");
    assert.deepEqual((await load(reference, undefined, "123456")).passwordProtection, {
      password: "123456",
      passwordIsPin: true
    });
  });

  it("come through a token that inherits their password and identity", async () => {
    const password = { password: "Sesam öffne dich" };
    const own = await create({ forIdentity: peer.address, passwordProtection: password });
    const route = `/RelationshipTemplates/Own/${own.id}/Token`;
    const notInherited = await connector.refused("POST", route, 400, {});
    assert.match(notInherited.code, /personalizationMustBeInherited$/);
    const body = { forIdentity: peer.address, passwordProtection: password };
    const token = await connector.post(route, body);
    const opened = await peer.loadToken(token.reference.url, password.password);
    const { relationshipTemplates } = peer.account;
    const template = await relationshipTemplates.loadPeerRelationshipTemplateByTokenContent(opened.content, password.password);
    assert.equal(template.id.toString(), own.id);

    const { template: theirs } = await peer.createTemplate(CONTENT);
    const theirToken = await peer.account.tokens.sendToken({
      content: TokenContentRelationshipTemplate.from({ templateId: theirs.id, secretKey: theirs.secretKey }),
      expiresAt: inOneHour(),
      ephemeral: true
    });
    const loaded = await load(theirToken.toTokenReference(context.world.backboneUrl));
    assert.equal(loaded.id, theirs.id.toString());
    await context.webhooks.event("transport.peerRelationshipTemplateLoaded", (data) => data.id === loaded.id);
  });

  it("can not be used any more when their time is over", async () => {
    const { own, templateId, expiresAt } = await inTime(async (expiresAt) => {
      const own = await create({ expiresAt: expiresAt.toISOString() });
      const theirs = await peer.createTemplate(CONTENT, { expiresAt });
      return { own, templateId: (await load(theirs.reference)).id, expiresAt };
    });
    await eventually(() => assert.ok(CoreDate.utc().isAfter(expiresAt)));
    await assert.rejects(peer.loadTemplate(own.reference.truncated), NOT_FOUND);
    assert.equal(
      (await connector.put("/Relationships/CanCreate", { templateId })).code,
      "error.transport.relationships.relationshipTemplateIsExpired"
    );
  });
});

describe("tokens between a Connector and a TypeScript identity", () => {
  let context;
  let connector;
  let peer;
  let stranger;

  before(async () => {
    context = await connectorWithPeer("tokens", "peer");
    ({ connector, peer } = context);
    stranger = await TypeScriptPeer.create(context.world, "stranger");
  });
  after(() => context?.world.stop());

  const load = (reference, options) => connector.post("/Tokens/Peer", { reference: reference.truncate(), ...options });
  const refused = (reference, status, options) =>
    connector.refused("POST", "/Tokens/Peer", status, { reference: reference.truncate(), ...options });

  async function send(content, options = {}) {
    const parameters = { content, expiresAt: inOneHour(), ephemeral: true, ...options };
    return (await peer.account.tokens.sendToken(parameters)).toTokenReference(context.world.backboneUrl);
  }

  it("of the Connector open for the world, or for one identity", async () => {
    const anonymous = new AnonymousTokenController(peer.transport.config);
    const body = { content: { for: "all" }, expiresAt: "9999-12-31T00:00:00.000Z" };
    const open = await connector.post("/Tokens/Own", body);
    const loaded = await anonymous.loadPeerTokenByReference(TokenReference.from(open.reference.url));
    assert.deepEqual(loaded.content.toJSON(), { for: "all" });
    assert.equal(loaded.createdBy.toString(), context.address);
    assert.equal(loaded.expiresAt.toISOString(), "9999-12-31T00:00:00.000Z");

    const personal = await connector.post("/Tokens/Own", { ...body, forIdentity: peer.address });
    assert.deepEqual((await peer.loadToken(personal.reference.truncated)).content.toJSON(), { for: "all" });
    await assert.rejects(stranger.loadToken(personal.reference.truncated), { code: NOT_FOR_YOU });
  });

  it("of the TypeScript identity are kept unless they are ephemeral", async () => {
    const kept = await load(await send({ keep: true }));
    assert.deepEqual((await connector.get(`/Tokens/${kept.id}`)).content, { keep: true });
    const ephemeral = await load(await send({ keep: false }), { ephemeral: true });
    assert.deepEqual([ephemeral.isEphemeral, ephemeral.content], [true, { keep: false }]);
    await connector.refused("GET", `/Tokens/${ephemeral.id}`, 404);
  });

  it("of the TypeScript identity are refused to whom they are not meant for", async () => {
    const foreign = await send({}, { forIdentity: stranger.account.identity.address });
    assert.equal((await refused(foreign, 400)).code, NOT_FOR_YOU);
    const locked = await send({}, { passwordProtection: { passwordType: "pw", password: "x" } });
    assert.equal((await refused(locked, 400)).code, "error.transport.noPasswordProvided");
    assert.equal((await refused(locked, 404, { password: "y" })).code, "error.runtime.recordNotFound");
  });

  it("that are empty are refused until they are filled", async () => {
    const anonymous = new AnonymousTokenController(peer.transport.config);
    const empty = await anonymous.createEmptyToken();
    const reference = empty.toTokenReference(context.world.backboneUrl);
    const { password } = reference.passwordProtection;
    assert.equal((await refused(reference, 400, { password })).code, "error.transport.tokens.emptyToken");
    const { id, secretKey } = empty;
    const content = peer.account.identity.identity;
    const { passwordProtection } = reference;
    await peer.account.tokens.updateTokenContent({ id, secretKey, content, passwordProtection });
    const filled = await load(reference, { password });
    assert.equal(filled.createdBy, peer.address);
    assert.equal(filled.content.address, peer.address);
  });
});
