import type { AnyEvent } from '@torch/kernel';
import {
  type Commit,
  decodeCommit,
  type LogEntry,
  LogRegressed,
  type LogServer,
  LogUnavailable,
  type Position,
  type Waiter,
} from '@torch/log';
import { backOff, type HostClock, pause, SYSTEM_CLOCK } from './host.clock';
import { LogCursor } from './log-cursor';

/** A commit that is decoded when somebody looks into it: whoever keeps it as it is, as the archive does, need not. */
export class TailedCommit {
  private decoded: Commit | undefined;

  constructor(private readonly entry: LogEntry) {}

  get position(): Position {
    return this.entry.position;
  }

  /** As the log holds it. */
  get body(): string {
    return this.entry.body;
  }

  /** @throws InvariantViolation, see `decodeCommit`: the subscription ends by it. */
  get commit(): Commit {
    return (this.decoded ??= decodeCommit(this.entry));
  }

  get events(): readonly AnyEvent[] {
    return this.commit.events;
  }

  /** Without the events of other types, which are not even checked. */
  only(types: { has(type: string): boolean }): Commit {
    return decodeCommit(this.entry, (type) => types.has(type));
  }
}

export interface TailSubscriber {
  /** Called with each commit, in order; the next one waits until this one is done. */
  onCommit(commit: TailedCommit): Promise<void> | void;
  /** The log lost what this subscriber has seen, or cannot be read: the subscription has ended. Start again from what holds now. */
  onEnd(error: Error): void;
}

export interface LogTailsConfig {
  /** Commits kept for subscribers that are nearly up to date. */
  readonly recentMax: number;
  /** Characters of them, all together. */
  readonly recentCharsMax: number;
  readonly readEntriesMax: number;
  /** Pause between news of the log and reading it: 0 where people or agents wait, more where work is done in groups. */
  readonly gatherMs: number;
  readonly retryMs: number;
  readonly retryMsMax: number;
}

export const LOG_TAILS_DEFAULTS: LogTailsConfig = {
  recentMax: 512,
  recentCharsMax: 16 * 1024 * 1024,
  gatherMs: 0,
  readEntriesMax: 500,
  retryMs: 50,
  retryMsMax: 1000,
};

/** Follows the log for any number of subscribers: one reader a partition, and nothing read twice by those that keep up. */
export class LogTails {
  private readonly tails = new Map<number, PartitionTail>();
  private readonly stopReconnects: () => void;

  constructor(
    private readonly server: LogServer,
    private readonly config: LogTailsConfig = LOG_TAILS_DEFAULTS,
    private readonly clock: HostClock = SYSTEM_CLOCK,
  ) {
    let closed = false;
    server.onReconnect(() => {
      if (!closed) for (const tail of this.tails.values()) tail.reconnected();
    });
    this.stopReconnects = () => {
      closed = true;
    };
  }

  /** @returns how to end the subscription. */
  subscribe(partition: number, afterSeq: number, subscriber: TailSubscriber): () => void {
    let tail = this.tails.get(partition);
    if (!tail) this.tails.set(partition, (tail = new PartitionTail(this.server, partition, this.config, this.clock)));
    return tail.subscribe(afterSeq, subscriber);
  }

  /** Commits that this process has just appended: subscribers need not wait until they are read back. */
  offer(partition: number, entries: readonly LogEntry[]): void {
    this.tails.get(partition)?.offer(entries);
  }

  async close(): Promise<void> {
    this.stopReconnects();
    await Promise.all([...this.tails.values()].map((tail) => tail.close()));
    this.tails.clear();
  }
}

class PartitionTail {
  private readonly cursor: LogCursor;
  private readonly waiter: Waiter;
  private recent: TailedCommit[] = [];
  /** The last seq that subscribers were told of; undefined until the end of the log was looked for. */
  private announcedSeq: number | undefined;
  private readonly subscriptions = new Set<Subscription>();
  private running: Promise<void> | undefined;
  private mustVerify = false;
  private closed = false;

  constructor(
    private readonly server: LogServer,
    private readonly partition: number,
    private readonly config: LogTailsConfig,
    private readonly clock: HostClock,
  ) {
    this.cursor = new LogCursor(server.log, partition);
    this.waiter = server.waiter();
  }

  subscribe(afterSeq: number, subscriber: TailSubscriber): () => void {
    const subscription = new Subscription(
      afterSeq,
      subscriber,
      (seq) => this.readAfter(seq),
      () => this.subscriptions.delete(subscription),
    );
    this.subscriptions.add(subscription);
    subscription.advance();
    this.keepFollowing();
    return () => subscription.end();
  }

  private keepFollowing(): void {
    this.running ??= this.follow().finally(() => {
      this.running = undefined;
      if (this.subscriptions.size > 0 && !this.closed) this.keepFollowing();
    });
  }

  /** What was read before may be of a history that the log server has lost: nobody is given it any more. */
  reconnected(): void {
    this.mustVerify = true;
    this.recent = [];
  }

  /** Taken when they are what comes next; otherwise they are read with the rest. */
  offer(entries: readonly LogEntry[]): void {
    const isNext = this.announcedSeq !== undefined && entries[0]?.position.seq === this.announcedSeq + 1;
    if (!isNext || this.mustVerify || this.subscriptions.size === 0) return;
    const last = entries[entries.length - 1] as LogEntry;
    if (last.position.seq > this.cursor.seen.seq) this.cursor.note(last);
    this.announce(entries);
  }

  /** What was offered while it was being read has been announced already. */
  private announce(entries: readonly LogEntry[]): void {
    const news = entries.filter(({ position }) => position.seq > (this.announcedSeq ?? 0));
    if (news.length === 0) return;
    this.recent = this.keptOf([...this.recent, ...news.map((entry) => new TailedCommit(entry))]);
    this.announceThrough(news[news.length - 1]?.position.seq as number);
  }

  /** The one place where what is announced grows: whoever has read less must look again, or hears of it with the next commit only. */
  private announceThrough(seq: number): void {
    this.announcedSeq = seq;
    for (const subscription of this.subscriptions) subscription.advance();
  }

  /** The last ones, as many as may be kept. */
  private keptOf(commits: readonly TailedCommit[]): TailedCommit[] {
    const { recentMax, recentCharsMax } = this.config;
    let chars = 0;
    let from = commits.length;
    while (from > 0 && commits.length - from < recentMax) {
      chars += (commits[from - 1] as TailedCommit).body.length;
      if (chars > recentCharsMax) break;
      from--;
    }
    return commits.slice(from);
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const subscription of this.subscriptions) subscription.end();
    await this.waiter.close();
    await this.running;
  }

  /** Announces what is new at the end of the log for as long as anybody listens. */
  private async follow(): Promise<void> {
    for (let failures = 0; !this.closed && this.subscriptions.size > 0;) {
      try {
        await this.step();
        failures = 0;
      } catch (error) {
        if (!(error instanceof LogUnavailable)) {
          this.endAll(error as Error);
          return;
        }
        await backOff(this.clock, failures++, this.config);
      }
    }
  }

  private async step(): Promise<void> {
    if (this.mustVerify) {
      await this.cursor.verify();
      this.mustVerify = false;
    }
    if (this.announcedSeq === undefined) await this.startAtHead();
    const entries = await this.cursor.read(this.cursor.seen.seq, this.config.readEntriesMax);
    if (entries.length === 0) return this.waitForMore();
    this.announce(entries);
  }

  private async waitForMore(): Promise<void> {
    await this.waiter.wait({ partition: this.partition, afterSeq: this.cursor.seen.seq });
    if (this.config.gatherMs > 0) await pause(this.clock, this.config.gatherMs);
  }

  private async startAtHead(): Promise<void> {
    const head = await this.server.log.head(this.partition);
    if (head.seq > 0) await this.cursor.read(head.seq - 1, 1);
    this.announceThrough(head.seq);
  }

  /** For one subscriber: what is behind `seq`, from memory when it is still there. */
  private async readAfter(seq: number): Promise<readonly TailedCommit[]> {
    const [oldest] = this.recent;
    if (oldest && seq + 1 >= oldest.position.seq) return this.recent.slice(seq + 1 - oldest.position.seq);
    return (await this.server.log.read(this.partition, seq, this.config.readEntriesMax)).map((entry) => new TailedCommit(entry));
  }

  private endAll(error: Error): void {
    this.recent = [];
    if (error instanceof LogRegressed) this.cursor.reset();
    this.announcedSeq = undefined;
    for (const subscription of [...this.subscriptions]) subscription.fail(error);
  }
}

class Subscription {
  private ended = false;
  private advancing = false;
  private again = false;

  constructor(
    private seq: number,
    private readonly subscriber: TailSubscriber,
    private readonly readAfter: (seq: number) => Promise<readonly TailedCommit[]>,
    private readonly onEnded: () => void,
  ) {}

  /** Hands over everything there is. Called again in the meantime, it looks once more at the end. */
  advance(): void {
    this.again = true;
    if (this.advancing || this.ended) return;
    this.advancing = true;
    void this.handOver()
      .catch((error: unknown) => this.fail(error as Error))
      .finally(() => {
        this.advancing = false;
        if (this.again) this.advance();
      });
  }

  private async handOver(): Promise<void> {
    while (!this.ended) {
      this.again = false;
      const commits = await this.readAfter(this.seq);
      for (const commit of commits) {
        if (this.ended) return;
        await this.subscriber.onCommit(commit);
        this.seq = commit.position.seq;
      }
      if (commits.length === 0 && !this.again) return;
    }
  }

  end(): void {
    this.ended = true;
    this.again = false;
    this.onEnded();
  }

  fail(error: Error): void {
    if (this.ended) return;
    this.end();
    this.subscriber.onEnd(error);
  }
}
