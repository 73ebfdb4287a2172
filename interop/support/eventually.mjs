import { setTimeout as pause } from "node:timers/promises";

import { CoreDate } from "@nmshd/core-types";

/** Repeats a check that only time can make true (an expiry), until it stops throwing. */
export async function eventually(check, timeoutMs = 20_000) {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > deadline) {
        throw error;
      }
      await pause(50);
    }
  }
}

/**
 * Does something that must be done before `expiresAt`, which is soon. Where the machine was too busy to do it in time, it is
 * done once more, with twice the time.
 */
export async function inTime(action) {
  for (let milliseconds = 500; ; milliseconds *= 2) {
    const expiresAt = CoreDate.from(new Date(Date.now() + milliseconds).toISOString());
    try {
      return await action(expiresAt);
    } catch (error) {
      if (CoreDate.utc().isBefore(expiresAt) || milliseconds > 30_000) {
        throw error;
      }
    }
  }
}
