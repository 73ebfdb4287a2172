/** The server-sent events of one device, read as they come. */
export class EventStream {
  static async open(world, peer, version = "v1") {
    const stream = new EventStream();
    const abort = new AbortController();
    world.onStop(() => abort.abort());
    const token = await peer.account.authenticator.getToken();
    stream.response = await fetch(`${world.backboneUrl}/api/${version}/sse`, {
      headers: { authorization: `Bearer ${token}` },
      signal: abort.signal
    });
    if (stream.response.status !== 200) {
      throw new Error(`the event stream was refused with ${stream.response.status}`);
    }
    stream.reader = stream.response.body.pipeThrough(new TextDecoderStream()).getReader();
    stream.text = "";
    stream.read = 0;
    return stream;
  }

  /** Resolves when an event of this name has come, after all those that were waited for before. */
  async next(name) {
    const frame = `event: ${name}\ndata: _\n\n`;
    for (;;) {
      const start = this.text.indexOf(frame, this.read);
      if (start >= 0) {
        this.read = start + frame.length;
        return;
      }
      const { value, done } = await this.reader.read();
      if (done) {
        throw new Error(`the event stream ended before ${name}; it told: ${JSON.stringify(this.text)}`);
      }
      this.text += value;
    }
  }
}
