import { assertFits, eventContract } from '@torch/contracts';
import { type Decider, jsonBytes, type NewEvent, Rejection } from '@torch/kernel';
import { DeciderRun, type SpecCommand } from './decider-spec';

/** As the log has them, whose own specs use this library. */
export const LOG_BYTES = { eventMax: 64 * 1024, commitMax: 1024 * 1024 } as const;
/** What a commit has besides its events. */
const HEADER_BYTES_MAX = 2048;
const DUE_MAX = 50;
const LONGEST_ID = 'i'.repeat(128);

/**
 * A project under one decider that is told whatever its contracts allow. What the decider writes must fit: each event its contract and
 * the log, and what is decided by the service itself one commit. What a command from outside leads to may be too large; the host refuses
 * it then, and so does this. Nothing but a `Rejection` may be thrown.
 */
export class ExtremeRun<State> extends DeciderRun<State> {
  /** Commands by what became of them. */
  readonly outcomes = new Map<string, { decided: number; refused: number; tooLarge: number }>();

  constructor(private readonly under: Decider<State>) {
    super(under);
  }

  /** From outside. */
  say(command: SpecCommand): void {
    const outcome = this.outcomes.get(command.type) ?? { decided: 0, refused: 0, tooLarge: 0 };
    this.outcomes.set(command.type, outcome);
    const events = this.decided(command);
    if (events instanceof Rejection) outcome.refused++;
    else if (problemOf(events)) outcome.tooLarge++;
    else {
      outcome.decided++;
      this.record(events);
    }
  }

  /** Follows from time, a reaction or the state: it has to fit, since nobody could do anything about it. */
  sayOwn(command: SpecCommand): void {
    const events = this.decided({ actor: 'service:spec', ...command });
    if (events instanceof Rejection) return;
    refuse(problemOf(events), command.type);
    this.record(events);
  }

  /** Everything that is due, and then everything that follows. Of what is settled, the host cuts commits by itself. */
  passAndSettle(nowMs: number): void {
    this.nowMs = nowMs;
    for (const { type, data } of this.under.due?.(this.state, { nowMs, leaseNowMs: nowMs, max: DUE_MAX }) ?? [])
      this.sayOwn({ type, data: data as object });
    for (let asked = 0; ; asked++) {
      if (asked > 2000) throw new Error('Settling does not come to an end.');
      const answer = this.answer();
      if (answer.length === 0) return;
      for (const event of answer) refuse(problemOf([event]), 'Settling');
    }
  }

  private decided(command: SpecCommand): readonly NewEvent[] | Rejection {
    const asked = { actor: 'user:operator', correlationId: LONGEST_ID, project: 'default', ...command };
    const context = { nowMs: this.nowMs, newId: () => this.freshId() };
    try {
      return this.under.decide(this.state, asked as never, context);
    } catch (error) {
      if (error instanceof Rejection) return error;
      throw error;
    }
  }

  private record(events: readonly NewEvent[]): void {
    for (const event of events) {
      const contract = eventContract(event.type);
      assertFits(contract!.data, JSON.parse(JSON.stringify(event.data)), `Event ${event.type}`);
    }
    this.take(events, 'user:operator', LONGEST_ID);
  }
}

/** Undefined when the events fit. */
function problemOf(events: readonly NewEvent[]): string | undefined {
  let total = HEADER_BYTES_MAX;
  for (const event of events) {
    const bytes = eventBytes(event);
    if (bytes > LOG_BYTES.eventMax) return `event ${event.type} of ${bytes} bytes`;
    total += bytes;
  }
  return total > LOG_BYTES.commitMax ? `${events.length} events of ${total} bytes` : undefined;
}

/** As the host completes it, with everything that it adds as long as may be. */
function eventBytes(event: NewEvent): number {
  const traceparent = `00-${'f'.repeat(32)}-${'f'.repeat(16)}-01`;
  const added = { v: 9, project: 'p'.repeat(63), actor: 'a'.repeat(128), correlationId: LONGEST_ID, causationId: LONGEST_ID, traceparent };
  return jsonBytes({ ...added, ...event }) + 1;
}

function refuse(problem: string | undefined, what: string): void {
  if (problem) throw new Error(`${what} leads to what does not fit: ${problem}.`);
}
