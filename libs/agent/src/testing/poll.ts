import { setTimeout as after } from 'node:timers/promises';

/** Waits until `look` has something to show. @throws after the deadline, naming what was waited for. */
export async function until<T>(what: string, look: () => T | undefined | false | null, withinMs = 10_000): Promise<T> {
  const endAtMs = Date.now() + withinMs;
  for (;;) {
    const found = look();
    if (found) return found;
    if (Date.now() > endAtMs) throw new Error(`Waited ${withinMs} ms in vain: ${what}.`);
    await after(10);
  }
}
