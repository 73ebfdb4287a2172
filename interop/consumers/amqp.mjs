// Reads a queue of an AMQP broker. Options: url; queue (durable, made here); exchange (durable, of type topic, made here) and keys
// to bind the queue with; declareOnly, to leave after that.

import amqplib from "amqplib";

import { options, say } from "./support.mjs";

const connection = await amqplib.connect(options.url);
const channel = await connection.createChannel();
await channel.assertQueue(options.queue, { durable: true });
if (options.exchange) {
  await channel.assertExchange(options.exchange, "topic", { durable: true });
  for (const key of options.keys) await channel.bindQueue(options.queue, options.exchange, key);
}
if (options.declareOnly) {
  await connection.close();
  say("ready");
  process.exit();
}
say("ready");
await channel.consume(options.queue, (message) => {
  const { exchange, routingKey } = message.fields;
  say({ exchange, routingKey, properties: message.properties, body: message.content.toString("utf8") });
  channel.ack(message);
});
