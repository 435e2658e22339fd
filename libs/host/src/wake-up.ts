import type { HostClock } from './host.clock';

/** Lets one loop sleep until somebody has something for it, or until a time has come. A wake-up while awake is not lost. */
export class WakeUp {
  private woken = false;
  private wakeSleeper: (() => void) | undefined;

  constructor(private readonly clock: HostClock) {}

  wake = (): void => {
    this.woken = true;
    this.wakeSleeper?.();
  };

  async sleep(ms: number): Promise<void> {
    if (!this.woken && ms > 0) {
      await new Promise<void>((resolve) => {
        const cancel = this.clock.after(Math.min(ms, 2 ** 31 - 1), resolve);
        this.wakeSleeper = () => {
          cancel();
          resolve();
        };
      });
    }
    this.wakeSleeper = undefined;
    this.woken = false;
  }
}
