import { setTimeout as pause } from "node:timers/promises";

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
