import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { before, describe, it } from "node:test";
import { isDeepStrictEqual } from "node:util";

import * as serval from "@js-soft/ts-serval";
import * as content from "@nmshd/content";
import { SodiumWrapper } from "@nmshd/crypto";
import iql from "@nmshd/iql";
import * as transport from "@nmshd/transport";

import { ContentGenerator, contentClasses } from "../support/content-generator.mjs";

const { Serializable } = serval;
const PROFILE = "7.0.0";
/** Another seed makes other content; a failure names what it failed with. */
const SEED = Number(process.env.CONTENT_SEED ?? 20260801);
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
      const text = JSON.stringify(made[index]);
      assert.ok(answer.startsWith('{"ok":'), `${answer.slice(0, 500)}\n${text.slice(0, 2000)}`);
      // The library forgets to sort the hints of an override that came without any.
      if (/"@type":"(ValueHints|RenderHints)Override"/.test(text)) assert.deepEqual(JSON.parse(answer).ok, made[index]);
      else assert.equal(answer, `{"ok":${text}}`);
    });
    console.log(`made by the library, accepted by us: ${made.length} instances in ${generator.attempts} attempts`);
    assert.ok(made.length >= 10_000, `${made.length}`);
  });

  it("is refused for the same reason at the same place when something is wrong with it", () => {
    const spoilt = run(["spoil", String(SEED), String(INSTANCES), PROFILE]).map((line) => JSON.parse(line));
    const answers = run(["check", PROFILE], spoilt.map(({ content }) => content)).map((line) => JSON.parse(line));
    const registered = contentClasses();
    const counts = { accepted: 0, refused: 0, judged: 0 };
    spoilt.forEach(({ type, content: value }, index) => {
      const theirs = read(value);
      const ours = answers[index];
      counts[theirs.ok ? "accepted" : "refused"]++;
      if (isTheSame(theirs, ours, registered.has(type))) return;
      counts.judged++;
      assert.ok(isJudgedOtherwise(theirs, ours), `${JSON.stringify({ theirs, ours })}\n${JSON.stringify(value)}`.slice(0, 3000));
    });
    console.log(`spoilt: ${counts.refused} refused and ${counts.accepted} accepted by the library, ${counts.judged} judged otherwise by us`);
    assert.ok(counts.refused > 5_000 && counts.accepted > 1_000, JSON.stringify(counts));
    assert.ok(counts.judged < spoilt.length / 20, JSON.stringify(counts));
  });

  it("has the hints the library gives", () => {
    const hints = run(["hints", PROFILE]).map((line) => JSON.parse(line));
    let count = 0;
    for (const { type, render, value } of hints) {
      const theirs = contentClasses().get(type);
      assert.deepEqual(render, theirs.renderHints.toJSON(), type);
      assert.deepEqual(value, theirs.valueHints.toJSON(), type);
      count++;
    }
    console.log(`hints: ${count} types`);
    assert.ok(count >= 54, `${count}`);
  });

  it("is found by the same queries, which fail with the same message", () => {
    const generator = new ContentGenerator(SEED);
    const { random } = generator;
    const attributes = Array.from({ length: 200 }, () => generator.instance("IdentityAttribute").toJSON());
    const cases = Array.from({ length: 5_000 }, () => ({ query: randomQuery(random), attributes: random.oneIn(10) ? attributes : attributes.slice(0, 20) }));
    const answers = run(["queries"], cases).map((line) => JSON.parse(line));
    let invalid = 0;
    cases.forEach(({ query, attributes }, index) => {
      const checked = iql.validate(query);
      if (checked.isValid) {
        assert.deepEqual(answers[index], { matches: iql.execute(query, attributes) }, query);
      } else {
        invalid++;
        assert.deepEqual(answers[index], { error: checked.error }, JSON.stringify(query));
      }
    });
    console.log(`queries: ${cases.length - invalid} valid, ${invalid} invalid`);
    assert.ok(invalid > 1_000 && cases.length - invalid > 1_000, `${invalid}`);
  });
});

/** The same result, or the same kind of error at the same place; of types outside the content library any error will do. */
function isTheSame(theirs, ours, comparesErrors) {
  if (theirs.ok || ours.ok) return theirs.ok !== undefined && ours.ok !== undefined && isDeepStrictEqual(ours.ok, JSON.parse(theirs.ok));
  const place = ({ kind, type, property }) => [kind, type ?? null, property ?? null];
  return !comparesErrors || isDeepStrictEqual(place(ours.error), place(theirs.error));
}

/** Odd input that the library mistreats and we refuse, or read in the form all dates have. */
function isJudgedOtherwise(theirs, ours) {
  // It crashes, or a layer below speaks up that knows no place.
  if (theirs.error && ours.error && ["TypeError", "CryptoError", "CoreError"].includes(theirs.error.kind)) return true;
  if (theirs.error?.kind === "Error" && ours.error && !/date|object is (undefined|invalid)|toISOString/.test(theirs.error.message)) return true;
  // It takes a scalar for an object without members or with its characters as members.
  if (ours.error && / :: an object is needed/.test(ours.error.message) && (theirs.ok || /propertyHints/.test(ours.error.path))) return true;
  // It takes the function `values` that every list has for the member of that name.
  if (theirs.error?.message === "Value is not an Array." && ours.error?.kind !== "ServalError") return true;
  // It writes a date that came as a number with an offset.
  if (theirs.ok?.includes("+00:00")) return true;
  // It names the constructor of all classes instead of the class.
  return theirs.error?.type === "Function" && ours.error?.type === "Statement";
}

/** A query, valid more often than not. */
function randomQuery(random) {
  const terms = [
    "GivenName", "Surname?", "GivenName=Ann", "StreetAddress.city='Ann Lee'", "BirthDate.year>1989", "BirthDate.year<2020", "#x:a", "#'x:a'", "#", "#b",
    "owner='did:e:localhost:dids:1122334455667788990011'", "value.country?", "tags~b", "tags?", "tags=x:a,b,language:de", "DisplayName<2022-01-15T00:00:00Z",
    "EMailAddress=a@bc.de", "Sex=female", "value.value='quote \" and \\\\ and \n'", "( GivenName )", "( Surname || #b )", "StreetAddress.state?"
  ];
  const isSpoilt = random.oneIn(2);
  // What a JavaScript engine takes for a date beyond ISO 8601 is its own affair, so dates stay as they are.
  const usable = isSpoilt ? terms.filter((term) => !/[<>]/.test(term)) : terms;
  let query = "";
  for (let left = 1 + random.below(4); left > 0; left--) {
    query += `${random.pick(["", "", "!", "!!"])}${random.pick(usable)}`;
    if (left > 1) query += random.pick([" && ", " || ", "  ||\t", " &&\r\n"]);
  }
  for (let mistakes = isSpoilt ? 1 + random.below(2) : 0; mistakes > 0; mistakes--) {
    const at = random.below(query.length + 1);
    query = query.slice(0, at) + random.pick(["", " ", "(", ")", "!", "'", "\\", "x", "=", "&", "|", "\n", "#", "\u00c4", "\u{1f600}", '"']) + query.slice(at + random.below(2));
  }
  return query.toWellFormed();
}
