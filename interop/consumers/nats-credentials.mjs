// Makes what a NATS server needs to check credentials files, and such a file: an operator, an account that may use JetStream, and
// a user of it. Says { configuration, credentials } and ends.

import { nkeys } from "nats";

import { say } from "./support.mjs";

const encode = (bytes) => Buffer.from(bytes).toString("base64url");
const json = (value) => encode(JSON.stringify(value));

/** The claims of `type` about `subject`, signed by `issuer`: a JWT as NATS has it. */
function claims(issuer, subject, name, type, nats) {
  const payload = {
    jti: name,
    iat: Math.floor(Date.now() / 1000),
    iss: issuer.getPublicKey(),
    sub: subject.getPublicKey(),
    name,
    nats: { ...nats, type, version: 2 }
  };
  const signed = `${json({ typ: "JWT", alg: "ed25519-nkey" })}.${json(payload)}`;
  return `${signed}.${encode(issuer.sign(new TextEncoder().encode(signed)))}`;
}

const unlimited = (...names) => Object.fromEntries(names.map((name) => [name, -1]));

const operator = nkeys.createOperator();
const [system, account, user] = [nkeys.createAccount(), nkeys.createAccount(), nkeys.createUser()];
const connections = unlimited("subs", "data", "payload", "imports", "exports", "conn", "leaf");
const storage = unlimited("mem_storage", "disk_storage", "streams", "consumer");
const accounts = {
  [system.getPublicKey()]: claims(operator, system, "system", "account", { limits: connections }),
  [account.getPublicKey()]: claims(operator, account, "events", "account", {
    limits: { ...connections, ...storage, wildcards: true }
  })
};
const userClaims = claims(account, user, "connector", "user", unlimited("subs", "data", "payload"));
const text = (bytes) => new TextDecoder().decode(bytes);

const configuration = `
operator: ${claims(operator, operator, "operator", "operator", { system_account: system.getPublicKey() })}
system_account: ${system.getPublicKey()}
resolver: MEMORY
resolver_preload: {
${Object.entries(accounts)
  .map(([key, token]) => `  ${key}: ${token}`)
  .join("\n")}
}
`;
const credentials = `-----BEGIN NATS USER JWT-----
${userClaims}
------END NATS USER JWT------

-----BEGIN USER NKEY SEED-----
${text(user.getSeed())}
------END USER NKEY SEED------
`;
say("ready");
say({ configuration, credentials });
process.exit();
