import { SUSPENDED_NAMED_MAX } from '@torch/contracts';
import { Fenced, formatPosition, type LogEntry, LogUnavailable, type Position, requestsChannel } from '@torch/log';
import { Appender } from './appender';
import { CommandBacklog } from './command-backlog';
import { commitBatch } from './commit-batches';
import type { Answer } from './envelope';
import { backOff, nextRound } from './host.clock';
import { InputWatch } from './input-watch';
import { LeaseKeeper } from './lease-keeper';
import type { LogCursor } from './log-cursor';
import type { LogTails } from './log-tails';
import { OwnCommands } from './own-commands';
import { answerQuery } from './owner-queries';
import { type Addressed, publishAnswers } from './replies';
import type { OwnCommand, OwnedPartition } from './service';
import { Timers } from './timers';
import type { Unit } from './turn';
import { type AnsweredCommand, type DecidingParts, TurnStages } from './turn-stages';
import { WaitingQueries } from './waiting-queries';
import { WakeUp } from './wake-up';

/** Foreign commits after which an owner notes in the log how far it has read, so that its successor need not read them again. */
const CHECKPOINT_EVERY_SEQS = 1000;
/** Turns after which consumed commands are deleted from the queue. */
const TRIM_EVERY_TURNS = 50;

export interface OwnerLoopParts<State> extends DecidingParts<State> {
  readonly cursor: LogCursor;
  readonly tails: LogTails;
  readonly appender: Appender;
  /** Called at the end of each turn, when everybody has their answer: for snapshots. The next turn waits for it. */
  readonly onTurnEnd: () => Promise<void>;
}

/**
 * The one place where a service decides for a partition: takes in, decides, appends, answers, round after round, one at
 * a time. Ends when it is stopped, by returning, or when it may not go on, by throwing.
 */
export class OwnerLoop<State> implements OwnedPartition<State> {
  private readonly wakeUp: WakeUp;
  private readonly watch: InputWatch;
  private readonly ownCommands: OwnCommands;
  private readonly queries: WaitingQueries;
  private readonly timers: Timers<State>;
  private readonly stages: TurnStages<State>;
  private readonly lease: LeaseKeeper;
  private readonly ending = new AbortController();
  private mustVerify = false;
  private readonly backlog: CommandBacklog;
  private turns = 0;
  /** Answers of the last turn, on their way while the next one begins. */
  private answering: Promise<void> | undefined;
  commandsDecided = 0;

  constructor(private readonly parts: OwnerLoopParts<State>) {
    const { config, clock, state, server, appender, time } = parts;
    this.wakeUp = new WakeUp(clock);
    this.ownCommands = new OwnCommands(config.ownCommandsMax, this.wakeUp.wake);
    this.queries = new WaitingQueries({ signals: server.signals, clock, config, log: parts.log, wake: this.wakeUp.wake });
    this.timers = new Timers(state, time, config);
    this.lease = new LeaseKeeper(server.leases, appender, config, clock, this.wakeUp.wake);
    const { service } = parts.definition;
    const { partition } = parts;
    this.watch = new InputWatch({ server, partition, service, gatherMs: config.logGatherMs, clock, wake: this.wakeUp.wake });
    this.backlog = new CommandBacklog(
      { queues: server.commands, partition, service, entriesMax: config.readEntriesMax, log: parts.log },
      state.consumed,
    );
    const { backlog, ownCommands, timers } = this;
    this.stages = new TurnStages({ ...parts, backlog, ownCommands, timers, wake: this.wakeUp.wake });
  }

  get partition(): number {
    return this.parts.partition;
  }

  projects(): readonly string[] {
    return this.parts.state.projectNames();
  }

  state(project: string): State {
    return this.parts.state.state(project);
  }

  get suspended(): readonly string[] {
    return [...this.parts.state.suspensions.keys()].slice(0, SUSPENDED_NAMED_MAX);
  }

  timeMs(): number {
    return this.parts.time.nowMs();
  }

  submit(project: string, command: OwnCommand): Promise<void> {
    return this.ownCommands.submit(project, command);
  }

  /** Ends the loop after the turn that it is in. */
  stop(): void {
    this.ending.abort();
    this.wakeUp.wake();
  }

  /** The connection was lost and is there again: make sure that the log still holds what was seen before anything else. */
  reconnected(): void {
    this.mustVerify = true;
    this.watch.log = true;
    this.watch.commands = true;
    this.wakeUp.wake();
  }

  async run(): Promise<void> {
    const { server, definition } = this.parts;
    const stopListening = await server.signals.listen(requestsChannel(this.partition, definition.service), (body) =>
      this.queries.receive(body, this.parts.clock.nowMs()),
    );
    this.lease.start();
    try {
      for (let failures = 0; !this.ending.signal.aborted;) {
        try {
          await this.round();
          failures = 0;
        } catch (error) {
          if (!(error instanceof LogUnavailable)) throw error;
          await backOff(this.parts.clock, failures++, this.parts.config, this.ending.signal);
        }
      }
    } finally {
      this.lease.stop();
      this.stages.recoveries.stop();
      this.queries.close();
      await this.watch.close();
      await this.answering;
      this.ownCommands.close(this.fenced());
      await stopListening().catch(() => undefined); // The connection may be gone; nobody is answered any more either way.
    }
  }

  private async round(): Promise<void> {
    await this.lease.hold();
    if (this.mustVerify) await this.verify();
    await this.queries.answerAll(this.parts.clock.nowMs(), (query) =>
      answerQuery(query, {
        ...this.parts,
        clock: this.parts.time,
        commandsDecided: this.commandsDecided,
        decidedThrough: this.backlog.decidedThrough,
      }),
    );
    this.parts.time.follow();
    if (!this.watch.commands && !this.watch.log && this.backlog.size === 0) this.armWatch(); // Also while earlier work goes on.
    if (this.watch.commands || this.watch.log || this.stages.due) await this.turn(await this.gather());
    else if (this.queries.due) await nextRound(this.parts.clock);
    else await this.wakeUp.sleep(this.timers.msUntilDue());
  }

  /** @throws Fenced where the service has to prepare anew; LogRegressed. */
  private async verify(): Promise<void> {
    const { definition } = this.parts;
    if (definition.prepare) throw this.fenced();
    await this.parts.cursor.verify();
    this.mustVerify = false;
  }

  /**
   * What others have appended; commands are read into the backlog. Commands come first, so that whatever was in the log
   * when a command was sent is taken in before it is decided.
   */
  private async gather(): Promise<readonly LogEntry[]> {
    const { config, cursor, state } = this.parts;
    const { watch, backlog } = this;
    const [, entries] = await Promise.all([
      watch.commands && backlog.size === 0 ? backlog.fill() : undefined,
      watch.log || watch.commands ? cursor.read(state.read.seq, config.readEntriesMax) : [],
    ]);
    watch.log = entries.length > 0 && cursor.mayHaveMore;
    watch.commands = backlog.mayHaveMore;
    return entries;
  }

  private armWatch(): void {
    this.watch.arm(this.parts.state.read.seq, this.backlog.readThrough);
  }

  private async turn(entries: readonly LogEntry[]): Promise<void> {
    const { answered, positions } = await this.decideAndAppend(entries);
    this.commandsDecided += answered.length;
    this.ownCommands.turnIsOver();
    await this.answering;
    this.answering = this.answer(answered, positions);
    if (++this.turns % TRIM_EVERY_TURNS === 0) this.trimConsumed();
    if (!this.stages.recoveries.underWay) await this.parts.onTurnEnd();
  }

  /**
   * From the first decision on, the state is ahead of the log: what keeps the turn from being appended ends this ownership.
   *
   * @throws Fenced
   */
  private async decideAndAppend(entries: readonly LogEntry[]) {
    try {
      const { turn, answered } = await this.stages.run(entries, !this.watch.log);
      const [positions] = await Promise.all([this.append(turn.units), answered.length > 0 ? this.readAhead() : undefined]);
      return { answered, positions };
    } catch (error) {
      throw error instanceof LogUnavailable ? this.fenced() : error;
    }
  }

  private fenced(): Fenced {
    return new Fenced(this.partition, this.parts.definition.service, this.parts.appender.epoch);
  }

  /** Commands that came in meanwhile, if it has none left: while its commits are on their way, an owner under load has nothing else to do. */
  private async readAhead(): Promise<void> {
    const { backlog, watch } = this;
    if (backlog.size > 0) return;
    await backlog.fill().catch(() => undefined); // It is read again, and whatever is wrong met there.
    watch.commands ||= backlog.size > 0;
  }

  /** The position of each unit. */
  private async append(units: readonly Unit[]): Promise<ReadonlyMap<Unit, Position>> {
    const { appender, state, definition, tails, config, time } = this.parts;
    const positions = new Map<Unit, Position>();
    const checkpointEverySeqs = Math.min(CHECKPOINT_EVERY_SEQS, config.snapshotEveryCommits);
    if (units.length === 0 && state.foreignSeq - state.consumed.seq < checkpointEverySeqs) return positions;
    const recordedAtMs = time.nowMs();
    const { first, batch } = await appender.append((epoch) =>
      commitBatch(units, { service: definition.service, epoch, recordedAtMs }, state.foreignSeq, state.consumed),
    );
    const { bodies, consumed, unitCounts } = batch;
    let unit = 0;
    for (const [i, count] of unitCounts.entries()) {
      const position = { seq: first.seq + i, generation: first.generation };
      for (const end = unit + count; unit < end; unit++) {
        const placed = units[unit] as Unit;
        positions.set(placed, position);
        if (placed.answer) state.answered.record(position, placed.answer, recordedAtMs);
      }
    }
    if (first.seq > state.read.seq + 1) this.watch.log = true; // Somebody else appended in between: read that first.
    state.committed(first, bodies.length, consumed);
    tails.offer(
      this.partition,
      bodies.map((body, i) => ({ position: { seq: first.seq + i, generation: first.generation }, body })),
    );
    return positions;
  }

  private async answer(answered: readonly AnsweredCommand[], positions: ReadonlyMap<Unit, Position>): Promise<void> {
    if (answered.length === 0) return;
    const answers = answered.map(({ id, replyTo, answered: by }): Addressed<Answer> => {
      if ('refused' in by) return { replyTo, answer: { id, ok: false, code: by.refused.code, message: by.refused.message } };
      const [answer, position] = 'unit' in by ? [by.unit.answer, positions.get(by.unit)] : [by.answer, by.position];
      const [, code, message] = answer ?? [];
      if (code !== undefined) return { replyTo, answer: { id, ok: false, code, message: message ?? '' } };
      return { replyTo, answer: { id, ok: true, position: position ? formatPosition(position) : '' } };
    });
    await publishAnswers(this.parts.server.signals, answers, []).catch((error: unknown) => {
      // Whoever waits asks again under the same id and gets the recorded answer.
      this.parts.log.debug('Answers could not be published.', { error: String(error) });
    });
  }

  private trimConsumed(): void {
    const { server, definition, log } = this.parts;
    const { decidedThrough } = this.backlog;
    if (decidedThrough === '0-0') return;
    server.commands.trim(this.partition, definition.service, decidedThrough).catch((error: unknown) => {
      log.debug('Consumed commands could not be trimmed; the next trim takes them along.', { error: String(error) });
    });
  }
}
