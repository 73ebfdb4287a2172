import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";

const START_TIMEOUT_MS = 30_000;

/** The program under test; `scripts/test` builds it and names it here. */
function binary() {
  const program = process.env.CONNECTOR_BIN;
  if (!program) {
    throw new Error("CONNECTOR_BIN must name the connector binary; scripts/test sets it");
  }
  return program;
}

/** A server process of ours that says on standard output or error which port it listens on. */
class ServerProcess {
  constructor(child, name) {
    this.child = child;
    this.name = name;
    this.output = [];
    this.exited = new Promise((resolve) => child.once("exit", (code, signal) => resolve({ code, signal })));
  }

  static async start(name, args, env = {}) {
    const child = spawn(binary(), args, {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
      stdio: ["ignore", "pipe", "pipe"]
    });
    const server = new ServerProcess(child, name);
    server.port = await server.listeningPort();
    return server;
  }

  listeningPort() {
    return new Promise((resolve, reject) => {
      const fail = (why) => reject(new Error(`${this.name} ${why}\n${this.output.join("\n")}`));
      const timer = setTimeout(() => fail(`did not listen within ${START_TIMEOUT_MS} ms`), START_TIMEOUT_MS);
      for (const stream of [this.child.stdout, this.child.stderr]) {
        createInterface({ input: stream }).on("line", (line) => {
          this.output.push(line);
          const port = /listening on \S*?:(\d+)/i.exec(line)?.[1];
          if (port) {
            clearTimeout(timer);
            resolve(Number(port));
          }
        });
      }
      this.exited.then(({ code, signal }) => {
        clearTimeout(timer);
        fail(`ended before it listened (code ${code}, signal ${signal})`);
      });
    });
  }

  async stop() {
    this.child.kill("SIGTERM");
    return await this.exited;
  }

  async kill() {
    this.child.kill("SIGKILL");
    return await this.exited;
  }
}

/** Everything a test file starts, in one temporary folder; `stop` ends it in reverse order. */
export class World {
  /** `backboneArguments`: further options of the Backbone, made from the folder of this world. */
  static async create({ backboneArguments = () => [] } = {}) {
    const world = new World();
    world.folder = await mkdtemp(path.join(tmpdir(), "connector-interop-"));
    world.backboneArguments = ["--data", path.join(world.folder, "backbone"), ...backboneArguments(world.folder)];
    world.cleanups = [() => rm(world.folder, { recursive: true, force: true })];
    try {
      await world.startBackbone(0);
      world.cleanups.push(() => world.backbone.stop());
      // Identity addresses carry the host name, so the name must be the Backbone's domain.
      world.backboneUrl = `http://localhost:${world.backbone.port}`;
      return world;
    } catch (error) {
      await world.stop();
      throw error;
    }
  }

  async startBackbone(port) {
    const client = ["--client-id", "test", "--client-secret", "test"];
    const options = ["--port", `${port}`, ...client, ...this.backboneArguments];
    this.backbone = await ServerProcess.start("backbone", ["backbone", ...options]);
  }

  /** Kills the Backbone without warning and starts it again on the same port and data. */
  async crashBackbone() {
    await this.backbone.kill();
    await this.startBackbone(this.backbone.port);
  }

  /** What the token endpoint of the Backbone says to these credentials. */
  async login(username, password) {
    const grant = { grant_type: "password", client_id: "test", client_secret: "test", username, password };
    const response = await fetch(`${this.backboneUrl}/connect/token`, { method: "POST", body: new URLSearchParams(grant) });
    const { error } = await response.json();
    return { status: response.status, error };
  }

  onStop(cleanup) {
    this.cleanups.push(cleanup);
  }

  async stop() {
    while (this.cleanups.length > 0) {
      await this.cleanups.pop()();
    }
  }

  /**
   * `env`: further variables of its environment. `configuration`: further members of the configuration; those of
   * `transportLibrary` are added to the usual ones.
   */
  async startConnector(name, modules = {}, env = {}, configuration = {}) {
    const connector = await Connector.start(this, name, modules, env, configuration);
    this.onStop(() => connector.stop());
    return connector;
  }
}

/** A Connector process with its own configuration file and database, and a REST client for it. */
export class Connector {
  static async start(world, name, modules, env, { transportLibrary, ...further }) {
    const connector = new Connector();
    connector.name = name;
    connector.env = env;
    connector.database = `sqlite://${path.join(world.folder, "databases")}`;
    connector.apiKey = `Interop-Key-${name}-0123456789-ABCDEF`;
    connector.configFile = path.join(world.folder, `${name}.json`);
    await writeFile(
      connector.configFile,
      JSON.stringify({
        transportLibrary: {
          baseUrl: world.backboneUrl,
          platformClientId: "test",
          platformClientSecret: "test",
          ...transportLibrary
        },
        database: { connectionString: connector.database, dbName: name },
        infrastructure: {
          httpServer: { port: 0, authentication: { apiKey: { keys: { interop: { key: connector.apiKey } } } } }
        },
        modules,
        ...further
      })
    );
    await connector.run();
    return connector;
  }

  async run() {
    this.process = await ServerProcess.start(this.name, ["start", "-c", this.configFile], this.env);
    this.url = `http://127.0.0.1:${this.process.port}`;
  }

  stop() {
    return this.process.stop();
  }

  kill() {
    return this.process.kill();
  }

  request(method, route, body) {
    const multipart = body instanceof FormData;
    return fetch(`${this.url}/api/core/v1${route}`, {
      method,
      headers: { "X-API-KEY": this.apiKey, ...(body && !multipart ? { "content-type": "application/json" } : {}) },
      body: multipart || !body ? body : JSON.stringify(body)
    });
  }

  async call(method, route, body, expectedStatus) {
    const response = await this.request(method, route, body);
    const text = await response.text();
    if (response.status !== expectedStatus) {
      throw new Error(`${method} ${route} answered ${response.status}, expected ${expectedStatus}: ${text}`);
    }
    return text === "" ? undefined : JSON.parse(text).result;
  }

  get(route) {
    return this.call("GET", route, undefined, 200);
  }

  post(route, body, status = 201) {
    return this.call("POST", route, body, status);
  }

  put(route, body) {
    return this.call("PUT", route, body, 200);
  }

  patch(route) {
    return this.call("PATCH", route, undefined, 200);
  }

  delete(route) {
    return this.call("DELETE", route, undefined, 204);
  }

  /** Expects the call to fail; resolves with the error object of the answer. */
  async refused(method, route, status, body) {
    const response = await this.request(method, route, body);
    const { error } = await response.json();
    assert.equal(response.status, status, `${method} ${route}: ${JSON.stringify(error)}`);
    return error;
  }

  sync() {
    return this.call("POST", "/Account/Sync", undefined, 204);
  }

  async uploadFile({ name, type, bytes, title }) {
    const form = new FormData();
    form.append("file", new Blob([bytes], { type }), name);
    form.append("title", title);
    return await this.call("POST", "/Files/Own", form, 201);
  }

  async download(route) {
    const response = await fetch(`${this.url}/api/core/v1${route}`, { headers: { "X-API-KEY": this.apiKey } });
    if (response.status !== 200) {
      throw new Error(`GET ${route} answered ${response.status}: ${await response.text()}`);
    }
    return { bytes: Buffer.from(await response.arrayBuffer()), headers: response.headers };
  }
}

/** An HTTP server that keeps every delivery and lets a test wait for the one it expects. */
export class WebhookReceiver {
  static async start() {
    const receiver = new WebhookReceiver();
    receiver.deliveries = [];
    receiver.waiting = [];
    receiver.server = createServer((request, response) => {
      const chunks = [];
      request.on("data", (chunk) => chunks.push(chunk));
      request.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        const delivery = { url: request.url, headers: request.headers, text, body: JSON.parse(text) };
        receiver.deliveries.push(delivery);
        response.writeHead(204).end();
        receiver.waiting.forEach((check) => check());
      });
    });
    await new Promise((resolve) => receiver.server.listen(0, "127.0.0.1", resolve));
    receiver.url = `http://127.0.0.1:${receiver.server.address().port}/events`;
    return receiver;
  }

  /** Resolves with the data of the first event of this name, past or to come, for which `predicate` holds. */
  async event(trigger, predicate = () => true) {
    const matches = ({ body }) => body.trigger === trigger && predicate(body.data);
    return (await this.delivered(matches)).body.data;
  }

  /** Resolves with the first delivery for which `predicate` holds, past or to come. */
  delivered(predicate, timeoutMs = 20_000) {
    return new Promise((resolve, reject) => {
      const check = () => {
        const hit = this.deliveries.find(predicate);
        if (hit) {
          clearTimeout(timer);
          this.waiting = this.waiting.filter((other) => other !== check);
          resolve(hit);
        }
      };
      const timer = setTimeout(() => {
        const seen = this.deliveries.map((delivery) => delivery.body.trigger).join(", ");
        reject(new Error(`no matching webhook within ${timeoutMs} ms; seen: ${seen}`));
      }, timeoutMs);
      this.waiting.push(check);
      check();
    });
  }

  stop() {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }
}
