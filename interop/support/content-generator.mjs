import "reflect-metadata";

import * as serval from "@js-soft/ts-serval";
import * as content from "@nmshd/content";

const { Serializable, SerializableBase } = serval;

/** Numbers from a seed (mulberry32), so that a failing run can be repeated. */
export class Random {
  constructor(seed) {
    this.state = seed >>> 0;
  }

  next() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = this.state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }

  below(bound) {
    return Math.floor(this.next() * bound);
  }

  oneIn(count) {
    return this.below(count) === 0;
  }

  pick(items) {
    return items[this.below(items.length)];
  }
}

/** Texts of which at least one satisfies every rule a property of the library can have. */
const TEXTS = [
  "", "a", "Ann", "Ann Lee \u{1f600}", 'quote " and \\ and \n', "x".repeat(100), "y".repeat(30), "z".repeat(1000),
  "DE", "AT", "ZW", "de", "en", "zu", "female", "male", "intersex", "a@bc.de", "first.last+tag@sub.example.com", "112", "+49 (0)6221 / 12-34",
  "x.de", "https://www.a.b/x?y#z", "http://a", "https://example.com/", "#fff", "#1a2B3c", "hasAttribute", "relatesTo", "z-own", "ownFact",
  "mediaOfDocument", "ownAuthority", "relayedPublicAuthority", "public", "private", "protected", "thirdParty", "recipient", "Message",
  "RelationshipTemplate", "GivenName", "Surname", "StreetAddress", "ProprietaryString", "ProprietaryJSON", "Consent", "GivenName=Ann",
  "( GivenName || Surname ) && #x:work", "Accepted", "Rejected"
];
const NUMBERS = [0, 1, 5, 7, 10, 12, 28, 1990, 2000, -5, 1.5, -0.25, 1e21, 1e-7, 4096, 9007199254740991];
const JSON_VALUES = [{}, [], "", 0, false, { z: [1, null, { "@type": "x" }], a: "b", 1: 2 }, "text", 1.5];
const ADDRESSES = ["", "did:e:backbone.example:dids:8f0a3b1c2d4e5f60718293", "did:e:localhost:dids:1122334455667788990011"];
const DATES = ["2024-02-29T12:00:00.123Z", "2024-02-29", "2024-W09-4", "20240229T120000Z", "2024-02-29T12:00:00.5+02:00"];
const FILE_REFERENCE = "RklMYWJjZGVmZ2hpamtsbW5vcHF8M3xNREV5TXpRMU5qYzRPV0ZpWTJSbFpqQXhNak0wTlRZM09EbGhZbU5rWldZfHw";
const METADATA = ["@type", "@context", "@version", "serializeProperty", "serializeAs"];

/** The classes of the content library by their `@type`. */
export function contentClasses() {
  const classes = new Map();
  for (const exported of Object.values(content)) {
    if (typeof exported !== "function" || !(exported.prototype instanceof Serializable)) continue;
    const name = exported.getPropertyMap().get("@type")?.value;
    if (name && SerializableBase.getModule(name, 1) === exported) classes.set(name, exported);
  }
  return classes;
}

/** Makes content out of what the library knows about its own classes, without any declaration of ours. */
export class ContentGenerator {
  constructor(seed) {
    this.random = new Random(seed);
    this.classes = contentClasses();
    this.attempts = 0;
  }

  /** An instance of a class; tried again while a rule across properties refuses it. */
  instance(name) {
    for (let attempt = 0; attempt < 2000; attempt++) {
      this.attempts++;
      const json = this.typed(this.classes.get(name), 3);
      try {
        return Serializable.fromUnknown(json);
      } catch (error) {
        if (!/Error/.test(error.constructor.name)) throw error;
      }
    }
    throw new Error(`no valid ${name} found`);
  }

  typed(type, depth) {
    if (type.name === "ProposeAttributeRequestItem") return this.proposal(type, depth);
    return { "@type": type.getPropertyMap().get("@type").value, ...this.members(type, depth) };
  }

  proposal(type, depth) {
    const isRelationship = this.random.oneIn(2);
    const attribute = this.typed(isRelationship ? content.RelationshipAttribute : content.IdentityAttribute, depth);
    const query = this.typed(isRelationship ? content.RelationshipAttributeQuery : content.IdentityAttributeQuery, depth);
    (isRelationship ? query.attributeCreationHints : query).valueType = attribute.value["@type"];
    return { "@type": "ProposeAttributeRequestItem", ...this.members(type, depth), attribute, query };
  }

  members(type, depth) {
    const members = {};
    for (const [name, descriptor] of type.getPropertyMap()) {
      if (METADATA.includes(name)) continue;
      if (descriptor.optional && (depth <= 0 || this.random.oneIn(2))) continue;
      members[name] = this.property(type, descriptor, depth);
    }
    return members;
  }

  property(type, descriptor, depth) {
    const name = descriptor.key;
    if (name === "propertyHints") {
      if (depth <= 0) return {};
      const hints = type.name.startsWith("ValueHints") ? content.ValueHints : content.RenderHints;
      return { b: this.members(hints, depth - 2), a: this.members(hints, depth - 2) };
    }
    if (name === "metadata") return this.random.pick([{}, [], { b: 1, a: [null] }]);
    if (name === "fileReference") return FILE_REFERENCE;
    if (descriptor.any && !descriptor.allowedTypes) return this.accepted(descriptor, JSON_VALUES);
    if (descriptor.allowedTypes) return this.accepted(descriptor, ["a", "x".repeat(100), 5, 1.5, true, false, ["a", "b"], []]);
    switch (descriptor.primitiveType) {
      case "string":
        return this.accepted(descriptor, TEXTS);
      case "number":
        return this.accepted(descriptor, NUMBERS);
      case "boolean":
        return this.random.oneIn(2);
      case "array":
        return this.list(descriptor, depth);
      default:
        return this.object(descriptor, depth);
    }
  }

  /** One of the values the property's own checks accept. */
  accepted(descriptor, values) {
    const check = descriptor.any && !descriptor.allowedTypes ? (descriptor.customValidator ?? (() => undefined)) : (value) => serval.Validator.checkProperty(value, descriptor);
    const accepted = values.filter((value) => check(value) === undefined);
    if (accepted.length === 0) throw new Error(`no value for ${descriptor.key}: ${JSON.stringify(descriptor)}`);
    return this.random.pick(accepted);
  }

  list(descriptor, depth) {
    const item = descriptor.itemDescriptor;
    if (item.typeInfo === String) return this.random.pick([[], ["x:a"], ["x:a", "b", "language:de"]]);
    const length = 1 + this.random.below(depth > 0 ? 3 : 1);
    return Array.from({ length }, () => this.object(item, depth - 1));
  }

  object(descriptor, depth) {
    if (descriptor.unionTypes) return this.typed(this.random.pick(descriptor.unionTypes), depth - 1);
    const type = descriptor.typeInfo;
    switch (type.name) {
      case "CoreId":
        return this.random.pick(["", "REQabcdefghijklmnopq", { id: "ATTabcdefghijklmnopq" }]);
      case "CoreAddress":
        return this.random.oneIn(4) ? { address: this.random.pick(ADDRESSES) } : this.random.pick(ADDRESSES);
      case "CoreDate":
        return this.random.pick(DATES);
      case "Serializable":
        return this.random.oneIn(6) ? { own: this.random.pick(JSON_VALUES) } : this.item(depth);
      case "NotificationItem":
        return this.typed(this.random.pick([...this.classes.values()].filter((found) => found.prototype instanceof type)), depth);
      default:
        return this.random.oneIn(2) ? this.members(type, depth - 1) : this.typed(type, depth - 1);
    }
  }

  /** Something that may stand in a request, a response or a list of attributes. */
  item(depth) {
    const names = [...this.classes.keys()].filter((name) => /(RequestItem|ResponseItem|Attribute|RequestItemGroup)$/.test(name));
    const flat = names.filter((name) => !/Group$/.test(name));
    return this.typed(this.classes.get(this.random.pick(depth > 0 ? names : flat)), depth - 1);
  }
}
