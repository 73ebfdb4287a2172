import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { before, describe, it } from "node:test";

import * as serval from "@js-soft/ts-serval";
import * as content from "@nmshd/content";
import { SodiumWrapper } from "@nmshd/crypto";
import iql from "@nmshd/iql";
import * as transport from "@nmshd/transport";

import { ContentGenerator, contentClasses } from "../support/content-generator.mjs";

const { Serializable } = serval;
const PROFILE = "7.0.0";
const SEED = 20260801;
/** Of every type, so that 118 types make more than 10,000. */
const INSTANCES = 100;

/** The program that makes and checks content by our rules; `scripts/test` builds it and names it here. */
function tool() {
  const program = process.env.CONTENT_TOOL;
  if (!program) throw new Error("CONTENT_TOOL must name the built example 'content_instances'; scripts/test sets it");
  return program;
}

function run(args, lines = []) {
  const input = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
  const result = spawnSync(tool(), args, { input, maxBuffer: 1 << 30, encoding: "utf8" });
  if (result.error) throw result.error;
  assert.equal(result.status, 0, result.stderr);
  return result.stdout.split("\n").filter((line) => line.length > 0);
}

/** What the library makes of a value: its text, or how it refuses. */
function read(value) {
  try {
    return { ok: JSON.stringify(Serializable.fromUnknown(value).toJSON()) };
  } catch (error) {
    return { error: { kind: error.constructor.name, type: error.type, property: error.property, message: error.message } };
  }
}

describe("content as the TypeScript library knows it", () => {
  before(async () => {
    await SodiumWrapper.ready();
    // Registers the contents of tokens.
    assert.ok(transport.TokenContentFile);
  });

  it("covers every registered type", () => {
    const ours = new Set(run(["generate", "1", "1", PROFILE]).map((line) => JSON.parse(line).type));
    const missing = [...contentClasses().keys()].filter((name) => !ours.has(name));
    assert.deepEqual(missing, []);
    assert.equal(contentClasses().size, 118);
  });

  it("is accepted by the library when we have made it, and reads the same", () => {
    let count = 0;
    for (const line of run(["generate", String(SEED), String(INSTANCES), PROFILE])) {
      const { type, content: made, plain } = JSON.parse(line);
      const theirs = read(made);
      assert.ok(theirs.ok, `${type}: ${theirs.error?.message}\n${line.slice(0, 2000)}`);
      assert.deepEqual(JSON.parse(theirs.ok), plain, type);
      count++;
    }
    console.log(`made by us, accepted by the library: ${count} instances`);
    assert.ok(count >= 10_000, `${count}`);
  });

  it("is accepted by us when the library has made it, and written byte for byte the same", () => {
    const generator = new ContentGenerator(SEED);
    const made = [...contentClasses().keys()].flatMap((name) => Array.from({ length: INSTANCES }, () => generator.instance(name).toJSON()));
    const answers = run(["check", PROFILE], made);
    assert.equal(answers.length, made.length);
    answers.forEach((answer, index) => {
      assert.ok(answer.startsWith('{"ok":'), `${answer.slice(0, 500)}\n${JSON.stringify(made[index]).slice(0, 2000)}`);
      assert.equal(answer, `{"ok":${JSON.stringify(made[index])}}`);
    });
    console.log(`made by the library, accepted by us: ${made.length} instances in ${generator.attempts} attempts`);
    assert.ok(made.length >= 10_000, `${made.length}`);
  });

  it("is refused for the same reason at the same place when something is wrong with it", () => {
    const spoilt = run(["spoil", String(SEED), String(INSTANCES), PROFILE]).map((line) => JSON.parse(line));
    const answers = run(["check", PROFILE], spoilt.map(({ content }) => content)).map((line) => JSON.parse(line));
    const counts = { accepted: 0, refused: 0 };
    const differences = [];
    spoilt.forEach(({ type, content: value }, index) => {
      const theirs = read(value);
      const ours = answers[index];
      counts[theirs.ok ? "accepted" : "refused"]++;
      const same = theirs.ok
        ? ours.ok !== undefined && JSON.stringify(ours.ok) === theirs.ok
        : ours.error?.kind === theirs.error.kind && (ours.error.type ?? undefined) === theirs.error.type && (ours.error.property ?? undefined) === theirs.error.property;
      if (!same) differences.push({ type, value, theirs, ours });
    });
    console.log(`spoilt: ${counts.refused} refused, ${counts.accepted} accepted by the library; ${differences.length} differences`);
    for (const difference of differences.slice(0, 40)) console.log(JSON.stringify(difference).slice(0, 900));
    assert.deepEqual(differences, []);
  });
});
