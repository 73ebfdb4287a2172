import "reflect-metadata";

import { LokiJsConnection } from "@js-soft/docdb-access-loki";
import { NodeLoggerFactory } from "@js-soft/node-logger";
import { EventEmitter2EventBus } from "@js-soft/ts-utils";
// Loading the content types registers them, so that the library can read typed contents.
import "@nmshd/content";
import { CoreAddress, CoreDate, CoreId, FileReference } from "@nmshd/core-types";
import { CoreBuffer } from "@nmshd/crypto";
import { AccountController, RelationshipTemplateReference, TokenReference, Transport } from "@nmshd/transport";

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
    peer.connection = LokiJsConnection.inMemory();
    peer.events = new EventEmitter2EventBus(() => undefined);
    const config = {
      baseUrl: world.backboneUrl,
      platformClientId: "test",
      platformClientSecret: "test",
      supportedIdentityVersion: 1,
      ...overrides
    };
    peer.transport = await new Transport(config, peer.events, LOGGERS).init();
    const database = await peer.connection.getDatabase(name);
    peer.account = await new AccountController(peer.transport, database, peer.transport.config).init();
    world.onStop(() => peer.close());
    return peer;
  }

  get address() {
    return this.account.identity.address.toString();
  }

  async close() {
    await this.account.close();
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
