import { type AnyEvent, describeThrown, Rejection } from '@torch/kernel';
import { type Commit, eventId, formatPosition, type LogServer, LogUnavailable, parsePosition, type Position } from '@torch/log';
import { backOff, type HostClock } from './host.clock';
import type { HostConfig } from './host.config';
import type { HostLogger, HostTracing } from './host.ports';
import { lastSharedSeq } from './lost-tail';
import type { LogTails, TailedCommit } from './log-tails';
import type { OwnedPartition, PlacedEvent, ServiceDefinition } from './service';

/** Commits without an effect after which it is noted how far the log was followed. */
const SAVE_EVERY_SEQS = 1000;

export interface EffectsParts<State> {
  readonly server: LogServer;
  readonly tails: LogTails;
  readonly definition: ServiceDefinition<State>;
  readonly config: HostConfig;
  readonly clock: HostClock;
  readonly log: HostLogger;
  readonly tracing: HostTracing;
  readonly owner: OwnedPartition<State>;
  /** The log cannot be followed any further from here: whoever owns the partition has to start again. */
  readonly onFailed: (error: Error) => void;
}

/**
 * Does what follows from events that are in the log, in their order, at least once each. Runs beside the owner's loop,
 * with a position of its own that survives a change of owner.
 */
export class EffectsRunner<State> {
  private end: (() => void) | undefined;
  private readonly name: string;
  private savedSeq = 0;

  constructor(private readonly parts: EffectsParts<State>) {
    this.name = `effects:${parts.definition.service}`;
  }

  async start(): Promise<void> {
    const { server, tails, definition, owner, onFailed } = this.parts;
    if (definition.effects.size === 0) return;
    const saved = await server.caches.get(owner.partition, this.name);
    // Who has never followed the log begins with what it still has.
    const firstSeq = (await server.log.first(owner.partition))?.seq ?? 1;
    const afterSeq = saved === undefined ? firstSeq - 1 : await lastSharedSeq(server.log, owner.partition, parsePosition(saved));
    this.savedSeq = afterSeq;
    await server.log.setTrimGuard(owner.partition, this.name, afterSeq).catch(ignoreUnavailable);
    this.end = tails.subscribe(owner.partition, afterSeq, { onCommit: (commit) => this.follow(commit), onEnd: onFailed });
  }

  stop(): void {
    this.end?.();
    this.end = undefined;
  }

  private async follow(commit: TailedCommit): Promise<void> {
    const { definition, owner, config } = this.parts;
    const wanted = commit.only(definition.effects);
    for (const [i, event] of wanted.events.entries()) {
      const act = definition.effects.get(event.type);
      if (act && this.end) await this.attempt(act, { ...event, ...placeOf(owner.partition, wanted, wanted.indexes?.[i] ?? i) });
    }
    const saveEverySeqs = Math.min(SAVE_EVERY_SEQS, config.snapshotEveryCommits);
    if (wanted.events.length > 0 || commit.position.seq - this.savedSeq >= saveEverySeqs) await this.save(commit.position);
  }

  /** What is below is not needed any more, and is not read again at the next start. */
  private async save(position: Position): Promise<void> {
    const { server, owner } = this.parts;
    this.savedSeq = position.seq;
    try {
      await server.caches.set(owner.partition, this.name, formatPosition(position));
      await server.log.setTrimGuard(owner.partition, this.name, position.seq);
    } catch (error) {
      ignoreUnavailable(error);
    }
  }

  private async attempt(act: (event: PlacedEvent, context: never) => Promise<void>, event: PlacedEvent): Promise<void> {
    const { owner, config, clock, log, tracing } = this.parts;
    const context = {
      partition: owner.partition,
      state: () => owner.state(event.project),
      submit: (command: Parameters<typeof owner.submit>[1]) =>
        owner.submit(event.project, {
          correlationId: event.correlationId,
          causationId: event.id,
          traceparent: event.traceparent,
          ...command,
        }),
    };
    for (let attempt = 1; this.end; attempt++) {
      try {
        return await tracing.effect(event, () => act(event, context as never));
      } catch (error) {
        if (error instanceof Rejection && error.code === 'project-quarantined') {
          log.error(`Nothing is decided for project ${event.project}: the effect of ${event.type} was not carried out.`, {
            event: event.id,
          });
          return; // The effects of all other projects wait behind it.
        }
        const fields = { event: event.id, attempt, error: describeThrown(error) };
        if (attempt >= config.effectAttemptsMax) {
          log.error(`The effect of ${event.type} failed ${attempt} times and is given up.`, fields);
          return;
        }
        log.warn(`The effect of ${event.type} failed and is tried again.`, fields);
        await backOff(clock, attempt, config);
      }
    }
  }
}

/** An event's place in the log, for its id. */
function placeOf(
  partition: number,
  { position, recordedAtMs }: Pick<Commit, 'position' | 'recordedAtMs'>,
  index: number,
): Omit<PlacedEvent, keyof AnyEvent> {
  return { id: eventId({ partition, position, index }), seq: position.seq, recordedAtMs };
}

/** The position is a cache: without it, some effects are done again, which they must bear anyway. */
function ignoreUnavailable(error: unknown): void {
  if (!(error instanceof LogUnavailable)) throw error;
}
