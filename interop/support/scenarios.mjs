import { WebhookReceiver, World } from "./processes.mjs";
import { inOneHour, TypeScriptPeer } from "./typescript-peer.mjs";

const TEMPLATE_CONTENT = { "@type": "ArbitraryRelationshipTemplateContent", value: {} };
const CREATION_CONTENT = { "@type": "ArbitraryRelationshipCreationContent", value: {} };

/** One Connector with a webhook and one TypeScript identity, in one world of their own. */
export async function connectorWithPeer(connectorName, peerName) {
  const world = await World.create();
  try {
    const webhooks = await WebhookReceiver.start();
    world.onStop(() => webhooks.stop());
    const connector = await world.startConnector(connectorName, {
      webhooks: { enabled: true, webhooks: [{ triggers: ["transport.*"], target: { url: webhooks.url } }] }
    });
    const peer = await TypeScriptPeer.create(world, peerName);
    const { address } = await connector.get("/Account/IdentityInfo");
    return { world, webhooks, connector, peer, address };
  } catch (error) {
    await world.stop();
    throw error;
  }
}

/** Makes an Active relationship between two TypeScript identities and gives its id; the first one made the template. */
export async function relatePeers(templator, requestor, templateOptions = {}) {
  const { reference } = await templator.createTemplate(TEMPLATE_CONTENT, templateOptions);
  const template = await requestor.loadTemplate(reference.truncate());
  const { id } = await requestor.requestRelationship(template, CREATION_CONTENT);
  await templator.sync();
  await templator.acceptRelationship(id);
  await requestor.sync();
  return id.toString();
}

/** Makes an Active relationship that the TypeScript identity asked the Connector for, and gives its id. */
export async function relateToConnector(connector, peer) {
  const body = { content: TEMPLATE_CONTENT, expiresAt: inOneHour().toISOString() };
  const own = await connector.post("/RelationshipTemplates/Own", body);
  const template = await peer.loadTemplate(own.reference.truncated);
  const { id } = await peer.requestRelationship(template, CREATION_CONTENT);
  await connector.sync();
  await connector.put(`/Relationships/${id.toString()}/Accept`);
  await peer.sync();
  return id.toString();
}
