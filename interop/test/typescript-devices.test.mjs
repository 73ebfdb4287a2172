import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { DeviceAuthClient } from "@nmshd/transport";

import { World } from "../support/processes.mjs";
import { TypeScriptPeer } from "../support/typescript-peer.mjs";

const PUSH_ID = /^DPI[A-Za-z0-9]{17}$/;

describe("the devices of a TypeScript identity", () => {
  let world;
  let alice;
  let backbone;

  before(async () => {
    world = await World.create();
    alice = await TypeScriptPeer.create(world, "alice", { datawalletEnabled: true });
    backbone = new DeviceAuthClient(alice.transport.config, alice.account.authenticator);
  });
  after(() => world?.stop());

  it("describe themselves", async () => {
    const { id } = alice.account.activeDevice;
    const own = (await backbone.getCurrentDevice()).value;
    assert.equal(own.id, id.toString());
    assert.equal(own.createdByDevice, id.toString());
    assert.equal(own.communicationLanguage, "en");
    assert.equal(own.isBackupDevice, false);
    assert.ok(Math.abs(Date.now() - Date.parse(own.lastLogin.time)) < 30_000);
  });

  it("change their language to one that exists", async () => {
    await alice.account.activeDevice.setCommunicationLanguage("de");
    assert.equal((await backbone.getCurrentDevice()).value.communicationLanguage, "de");
    await assert.rejects(alice.account.activeDevice.setCommunicationLanguage("fra"), {
      code: "error.platform.validation.invalidDeviceCommunicationLanguage"
    });
  });

  it("are deleted before they were ever used, and forgotten", async () => {
    const unused = await alice.account.devices.sendDevice({ name: "unused" });
    await alice.account.devices.delete(unused);
    assert.equal(await alice.account.devices.get(unused.id), undefined);
    assert.equal((await backbone.deleteDevice(unused.id.toString())).error.code, "error.platform.recordNotFound");
  });

  it("are not deleted after they logged in, nor by another identity", async () => {
    const refusal = { code: "error.platform.validation.device.deviceCannotBeDeleted" };
    const tablet = await alice.createDevice(world, "tablet");
    const used = tablet.account.activeDevice.id.toString();
    assert.equal((await backbone.deleteDevice(used)).error.code, refusal.code);
    const bob = await TypeScriptPeer.create(world, "bob");
    const bobs = new DeviceAuthClient(bob.transport.config, bob.account.authenticator);
    const unused = await alice.account.devices.sendDevice({ name: "not Bob's" });
    assert.equal((await bobs.deleteDevice(unused.id.toString())).error.code, refusal.code);
  });

  it("have at most one backup device, until it is used", async () => {
    const backup = await alice.account.devices.sendDevice({ name: "backup", isBackupDevice: true });
    assert.equal(backup.isBackupDevice, true);
    await assert.rejects(alice.account.devices.sendDevice({ name: "second", isBackupDevice: true }), {
      code: "error.platform.validation.device.onlyOneBackupDeviceCanExist"
    });

    await alice.account.syncDatawallet();
    const sharedSecret = await alice.account.devices.getSharedSecret(backup.id);
    const recovered = new TypeScriptPeer();
    await recovered.open(world, "recovered", alice.overrides, sharedSecret);
    const own = new DeviceAuthClient(recovered.transport.config, recovered.account.authenticator);
    assert.equal((await own.getCurrentDevice()).value.isBackupDevice, false);
    assert.equal((await alice.account.devices.sendDevice({ name: "next", isBackupDevice: true })).isBackupDevice, true);
  });

  it("change their password, and the old one is refused from then on", async () => {
    const bob = await TypeScriptPeer.create(world, "bob with a new password");
    const old = await bob.account.activeDevice.getCredentials();
    const next = "A-new-password-of-30-characters";
    await bob.account.activeDevice.changePassword(next);
    assert.equal((await bob.account.activeDevice.getCredentials()).password, next);
    bob.account.authenticator.clear();
    await bob.sync();

    const client = new DeviceAuthClient(bob.transport.config, bob.account.authenticator);
    const repeated = await client.changeDevicePassword({ oldPassword: old.password, newPassword: "Another-password-1" });
    assert.equal(repeated.error.code, "error.platform.validation.device.changePasswordFailed");
    const login = (password) => world.login(old.username, password);
    assert.deepEqual(await login(old.password), { status: 400, error: "invalid_grant" });
    assert.equal((await login(next)).status, 200);
  });

  it("lock themselves after three wrong passwords", async () => {
    const carol = await TypeScriptPeer.create(world, "carol");
    const { username, password } = await carol.account.activeDevice.getCredentials();
    for (let attempt = 1; attempt <= 3; attempt++) {
      assert.equal((await world.login(username, "wrong")).status, 400);
    }
    assert.deepEqual(await world.login(username, password), { status: 400, error: "access_denied" });
    // The token of before still works.
    await carol.sync();
  });

  it("register for push notifications once per device", async () => {
    const registration = { platform: "dummy", handle: "0123456789", appId: "any.app" };
    const { devicePushIdentifier } = await alice.account.registerPushNotificationToken(registration);
    assert.match(devicePushIdentifier, PUSH_ID);
    const changed = { platform: "sse", handle: "another handle", appId: "another.app", environment: "Development" };
    assert.equal((await alice.account.registerPushNotificationToken(changed)).devicePushIdentifier, devicePushIdentifier);
    await alice.account.unregisterPushNotificationToken();
    await alice.account.unregisterPushNotificationToken();
    assert.match((await alice.account.registerPushNotificationToken(registration)).devicePushIdentifier, PUSH_ID);

    for (const [wrong, code] of [
      [{ handle: "too short" }, "error.platform.validation.invalidPropertyValue"],
      [{ platform: "pigeon" }, "error.platform.validation.invalidPnsPlatform"],
      [{ platform: "fcm" }, "error.platform.unsupportedAppId"]
    ]) {
      await assert.rejects(alice.account.registerPushNotificationToken({ ...registration, ...wrong }), { code });
    }
  });
});
