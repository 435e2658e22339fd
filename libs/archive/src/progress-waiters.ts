interface Waiter {
  readonly isReached: () => boolean;
  resolve(): void;
  reject(error: Error): void;
}

/** Those who wait until something has come about. */
export class ProgressWaiters {
  private waiting: Waiter[] = [];
  private end: Error | undefined;

  /** Resolves at once when it has come about already. @throws what `fail` was called with. */
  until(isReached: () => boolean): Promise<void> {
    if (isReached()) return Promise.resolve();
    if (this.end) return Promise.reject(this.end);
    return new Promise((resolve, reject) => this.waiting.push({ isReached, resolve, reject }));
  }

  /** Something has changed. */
  look(): void {
    const told = this.waiting.filter(({ isReached }) => isReached());
    if (told.length === 0) return;
    this.waiting = this.waiting.filter((waiter) => !told.includes(waiter));
    for (const { resolve } of told) resolve();
  }

  /** Nothing will change any more. */
  fail(error: Error): void {
    this.end = error;
    for (const { reject } of this.waiting.splice(0)) reject(error);
  }
}
