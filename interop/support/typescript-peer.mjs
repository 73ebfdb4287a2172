import "reflect-metadata";

import { LokiJsConnection } from "@js-soft/docdb-access-loki";
import { NodeLoggerFactory } from "@js-soft/node-logger";
import { EventEmitter2EventBus } from "@js-soft/ts-utils";
// Loading the content types registers them, so that the library can read typed contents.
import "@nmshd/content";
import { CoreAddress, CoreDate, CoreId, FileReference } from "@nmshd/core-types";
import { CoreBuffer } from "@nmshd/crypto";
import {
  AccountController,
  DeviceSharedSecret,
  RelationshipTemplateReference,
  TokenReference,
  Transport
} from "@nmshd/transport";

const LOGGERS = new NodeLoggerFactory({
  appenders: { silent: { type: "stderr" } },
  categories: { default: { appenders: ["silent"], level: process.env.INTEROP_LOG_LEVEL ?? "off" } }
});

export function inOneHour() {
  return CoreDate.from(new Date(Date.now() + 3_600_000).toISOString());
}

/** An account of the real TypeScript transport library, its LokiJS store in memory. */
export class TypeScriptPeer {
  static async create(world, name, overrides = {}) {
    const peer = new TypeScriptPeer();
    await peer.open(world, name, overrides);
    return peer;
  }

  /** Another device of this identity, onboarded with the secret that the first one hands over. */
  async createDevice(world, name, parameters = {}) {
    const sent = await this.account.devices.sendDevice({ name, ...parameters });
    await this.account.syncDatawallet();
    const sharedSecret = await this.account.devices.getSharedSecret(sent.id);
    const device = new TypeScriptPeer();
    await device.open(world, name, this.overrides, sharedSecret);
    return device;
  }

  /** A device of an identity that something else made, onboarded with the secret it handed over. */
  static async join(world, name, sharedSecret) {
    const device = new TypeScriptPeer();
    await device.open(world, name, { datawalletEnabled: true }, DeviceSharedSecret.from(sharedSecret));
    return device;
  }

  async open(world, name, overrides, sharedSecret) {
    this.overrides = overrides;
    this.connection = LokiJsConnection.inMemory();
    world.onStop(() => this.close());
    this.published = [];
    const events = new EventEmitter2EventBus(() => undefined);
    events.subscribe("**", (event) => void this.published.push(event));
    const config = {
      baseUrl: world.backboneUrl,
      platformClientId: "test",
      platformClientSecret: "test",
      supportedIdentityVersion: 1,
      ...overrides
    };
    this.transport = await new Transport(config, events, LOGGERS).init();
    const database = await this.connection.getDatabase(name);
    this.account = await new AccountController(this.transport, database, this.transport.config).init(sharedSecret, name);
  }

  /** The names of the events published since the last call, without the common prefix. */
  takeEvents() {
    return this.published.splice(0).map((event) => event.namespace.replace("transport.", ""));
  }

  get address() {
    return this.account.identity.address.toString();
  }

  async close() {
    await this.account?.close();
    await this.connection.close();
  }

  sync() {
    return this.account.syncEverything();
  }

  async createTemplate(content, options = {}) {
    const template = await this.account.relationshipTemplates.sendRelationshipTemplate({
      content,
      expiresAt: inOneHour(),
      ...options
    });
    return { template, reference: template.toRelationshipTemplateReference(this.transport.config.baseUrl) };
  }

  loadTemplate(reference, password) {
    return this.account.relationshipTemplates.loadPeerRelationshipTemplateByReference(
      RelationshipTemplateReference.from(reference),
      password
    );
  }

  requestRelationship(template, creationContent) {
    return this.account.relationships.sendRelationship({ template, creationContent });
  }

  acceptRelationship(id) {
    return this.account.relationships.accept(CoreId.from(id));
  }

  rejectRelationship(id) {
    return this.account.relationships.reject(CoreId.from(id));
  }

  revokeRelationship(id) {
    return this.account.relationships.revoke(CoreId.from(id));
  }

  /** Any action on a relationship, by its name in the library: `terminate`, `requestReactivation` and so on. */
  act(action, id) {
    return this.account.relationships[action](CoreId.from(id));
  }

  /** Decomposes and cleans up as the layer above the transport library does. */
  async decomposeRelationship(id) {
    const relationship = await this.relationship(id);
    await this.account.relationships.decompose(CoreId.from(id));
    await this.account.cleanupDataOfDecomposedRelationship(relationship);
  }

  relationship(id) {
    return this.account.relationships.getRelationship(CoreId.from(id));
  }

  sendFile({ name, type, bytes, title }) {
    return this.account.files.sendFile({
      buffer: CoreBuffer.from(bytes),
      filename: name,
      mimetype: type,
      title,
      expiresAt: inOneHour()
    });
  }

  loadFile(reference) {
    return this.account.files.getOrLoadFileByReference(FileReference.from(reference));
  }

  async downloadFile(id) {
    const content = await this.account.files.downloadFileContent(CoreId.from(id.toString()));
    return Buffer.from(content.buffer);
  }

  loadToken(reference, password) {
    return this.account.tokens.loadPeerTokenByReference(TokenReference.from(reference), true, password);
  }

  sendMessage(recipients, content, attachments = []) {
    return this.account.messages.sendMessage({
      recipients: recipients.map((address) => CoreAddress.from(address)),
      content,
      attachments
    });
  }
}
