/** Wakes one waiting loop. A notification that comes while nobody waits is kept for the next wait. */
export class Wake {
  private isDue = false;
  private resume: (() => void) | undefined;

  notify(): void {
    this.isDue = true;
    this.resume?.();
  }

  /** Resolves at the next notification, and after `ms` at the latest. */
  async wait(ms?: number): Promise<void> {
    if (!this.isDue) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resume) => {
        this.resume = resume;
        if (ms !== undefined) timer = setTimeout(resume, ms);
      });
      clearTimeout(timer);
      this.resume = undefined;
    }
    this.isDue = false;
  }
}
