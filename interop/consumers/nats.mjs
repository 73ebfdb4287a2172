// Reads a stream of NATS JetStream from its start. Options: url; stream; subjects, to make the stream with; user and password, or
// token, or the file of credentials; authority, the file of one to trust for TLS; declareOnly, to leave after the stream was made.

import { readFileSync } from "node:fs";

import { connect, credsAuthenticator } from "nats";

import { options, say } from "./support.mjs";

const connection = await connect({
  servers: options.url,
  user: options.user,
  pass: options.password,
  token: options.token,
  authenticator: options.credentials ? credsAuthenticator(readFileSync(options.credentials)) : undefined,
  tls: options.authority ? { caFile: options.authority } : undefined
});
const manager = await connection.jetstreamManager();
if (options.subjects) await manager.streams.add({ name: options.stream, subjects: options.subjects });
if (options.declareOnly) {
  await connection.close();
  say("ready");
  process.exit();
}
const consumer = await connection.jetstream().consumers.get(options.stream);
const messages = await consumer.consume();
say("ready");
for await (const message of messages) {
  const headers = Object.fromEntries([...(message.headers ?? [])].map(([name, values]) => [name, values[0]]));
  say({ subject: message.subject, headers, body: message.string() });
}
