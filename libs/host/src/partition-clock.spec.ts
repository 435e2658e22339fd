import { LogUnavailable } from '@torch/log';
import { SYSTEM_CLOCK } from './host.clock';
import { SILENT_LOGGER } from './host.ports';
import { PartitionClock } from './partition-clock';

const HOUR_MS = 3_600_000;
const START_MS = 1_000_000_000;

/** A machine and a log server, each with a clock of its own. */
class TwoClocks {
  elapsedMs = 0;
  wallErrorMs = 0;
  serverErrorMs = 0;
  failure: Error | undefined;
  readonly warnings: string[] = [];

  readonly clock = new PartitionClock(
    {
      timeMs: () => (this.failure ? Promise.reject(this.failure) : Promise.resolve(START_MS + this.elapsedMs + this.serverErrorMs)),
    },
    { ...SYSTEM_CLOCK, nowMs: () => START_MS + this.elapsedMs + this.wallErrorMs, monotonicMs: () => this.elapsedMs },
    { ...SILENT_LOGGER, warn: (message) => void this.warnings.push(message) },
  );

  /** The owner's time beside the true one, after so much more of it. */
  async after(ms: number): Promise<number> {
    for (const endMs = this.elapsedMs + ms; this.elapsedMs < endMs;) {
      this.elapsedMs += Math.min(1000, endMs - this.elapsedMs);
      this.clock.follow();
      await Promise.resolve();
      await new Promise((over) => setImmediate(over));
    }
    return this.clock.nowMs() - START_MS - this.elapsedMs;
  }
}

describe("an owner's time", () => {
  it.each([HOUR_MS, -HOUR_MS])('is that of the log server, also on a machine whose clock is wrong by %d ms', async (wallErrorMs) => {
    const clocks = new TwoClocks();
    clocks.wallErrorMs = wallErrorMs;
    await clocks.clock.set(0);
    expect(await clocks.after(60_000)).toBe(0);
    expect(clocks.warnings).toEqual([`This machine's clock differs from the log server's by ${wallErrorMs} ms; the log server's is used.`]);
  });

  it.each([HOUR_MS, -HOUR_MS])("goes on when the machine's clock jumps by %d ms", async (jumpMs) => {
    const clocks = new TwoClocks();
    await clocks.clock.set(0);
    clocks.wallErrorMs = jumpMs;
    expect(await clocks.after(60_000)).toBe(0);
  });

  it.each([1, -1])("follows a jump of the log server's clock slowly, and never goes back (%d hour)", async (hours) => {
    const clocks = new TwoClocks();
    await clocks.clock.set(0);
    clocks.serverErrorMs = hours * HOUR_MS;
    let beforeMs = clocks.clock.nowMs();
    for (let i = 0; i < 10; i++) {
      const errorMs = await clocks.after(60_000);
      expect(clocks.clock.nowMs()).toBeGreaterThan(beforeMs);
      beforeMs = clocks.clock.nowMs();
      expect(Math.abs(errorMs)).toBeLessThanOrEqual(0.05 * 60_000 * (i + 1) + 1000);
      expect(Math.sign(errorMs)).toBe(hours);
    }
  });

  it('is never before what the log has recorded, and goes on from there', async () => {
    const clocks = new TwoClocks();
    await clocks.clock.set(START_MS + 30_000);
    expect(clocks.clock.nowMs()).toBe(START_MS + 30_000);
    clocks.elapsedMs += 10;
    expect(clocks.clock.nowMs()).toBe(START_MS + 30_010);
    clocks.clock.notBefore(START_MS + 20_000);
    expect(clocks.clock.nowMs()).toBe(START_MS + 30_010);
    clocks.clock.notBefore(START_MS + 40_000);
    expect(clocks.clock.nowMs()).toBe(START_MS + 40_000);
  });

  it('is that of the machine where the log server may not be asked', async () => {
    const clocks = new TwoClocks();
    clocks.failure = new Error('NOPERM');
    clocks.wallErrorMs = 5000;
    await clocks.clock.set(0);
    expect(clocks.clock.nowMs()).toBe(START_MS + 5000);
    clocks.failure = new LogUnavailable('It is away.', false);
    await expect(clocks.clock.set(0)).rejects.toThrow(LogUnavailable);
  });
});
