// Listens to a Redis server. Options: url; pattern of channels, or the name of a stream to be read from its start.

import { createClient } from "@redis/client";

import { options, say } from "./support.mjs";

const client = createClient({ url: options.url });
client.on("error", (error) => console.error(error.message));
await client.connect();
if (options.pattern) {
  await client.pSubscribe(options.pattern, (message, channel) => say({ channel, message }));
  say("ready");
} else {
  say("ready");
  let id = "0";
  for (;;) {
    const streams = await client.xRead({ key: options.stream, id }, { BLOCK: 0 });
    for (const entry of streams?.[0].messages ?? []) {
      ({ id } = entry);
      say({ id, ...entry.message });
    }
  }
}
