import type { LogServer, WaitFor, Waiter } from '@torch/log';
import { type HostClock, pause } from './host.clock';

interface InputWatchParts {
  readonly server: LogServer;
  readonly partition: number;
  readonly service: string;
  /** Pause between news of the log and reading it, so that others' commits are read in groups. */
  readonly gatherMs: number;
  readonly clock: HostClock;
  readonly wake: () => void;
}

/**
 * Tells an owner that there may be something to read: commands at once, since somebody waits for their answer; others'
 * commits in groups, since every service's owner hears of every commit of its partition.
 */
export class InputWatch {
  /** There may be more commands, or more of the log, than was read last. */
  commands = true;
  log = true;
  private readonly waiters: { readonly commands: Waiter; readonly log: Waiter };
  private readonly closing = new AbortController();
  private waitingForCommands = false;
  private waitingForLog = false;

  constructor(private readonly parts: InputWatchParts) {
    this.waiters = { commands: parts.server.waiter(), log: parts.server.waiter() };
  }

  /** Waits for what comes behind these places, unless it waits already. */
  arm(afterSeq: number, afterId: string): void {
    const { partition, service, gatherMs, clock, wake } = this.parts;
    if (!this.waitingForCommands) {
      this.waitingForCommands = true;
      void waitedFor(this.waiters.commands, { partition, commands: { service, afterId } }).then(() => {
        this.waitingForCommands = false;
        this.commands = true;
        wake();
      });
    }
    if (!this.waitingForLog) {
      this.waitingForLog = true;
      void waitedFor(this.waiters.log, { partition, afterSeq })
        .then(() => pause(clock, gatherMs, this.closing.signal))
        .then(() => {
          this.waitingForLog = false;
          this.log = true;
          wake();
        });
    }
  }

  async close(): Promise<void> {
    this.closing.abort();
    await Promise.all([this.waiters.commands.close(), this.waiters.log.close()]);
  }
}

/** A wait that failed is over all the same, and reading tells why. */
const waitedFor = (waiter: Waiter, what: WaitFor): Promise<void> => waiter.wait(what).catch(() => undefined);
