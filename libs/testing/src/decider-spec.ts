import { assertFits, eventContract } from '@torch/contracts';
import { type AnyEvent, canonicalJson, type Decider, type NewEvent, Rejection } from '@torch/kernel';

/** A fact of the past as a spec states it: the rest of the envelope is filled in. */
export interface SpecEvent {
  readonly type: string;
  readonly data: object;
  readonly subject?: string;
  readonly actor?: string;
  readonly correlationId?: string;
  readonly traceparent?: string;
}

export interface SpecCommand {
  readonly type: string;
  readonly data: object;
  readonly actor?: string;
  readonly correlationId?: string;
  readonly traceparent?: string;
}

export const SPEC_PROJECT = 'default';
export const SPEC_ACTOR = 'user:operator';
export const SPEC_CORRELATION_ID = 'correlation-1';
/** Epoch ms at which a run starts. */
export const SPEC_START_MS = 1_000_000;
/** Commands of timers that one `passTo` asks for at most. */
const DUE_MAX = 1000;
/** Answers of one settling, at most. */
const ANSWERS_MAX = 10_000;

/**
 * One project under one decider, as the host would run it, in memory. Every event that the decider writes must fit its
 * contract. Ids are `id-1`, `id-2` … unless `newIds` says with what they begin; the clock stands still until `atMs` is set.
 */
export class DeciderRun<State> {
  state: State;
  /** Everything evolved so far, own and foreign, in order. */
  readonly log: AnyEvent[] = [];
  nowMs = SPEC_START_MS;
  private ids = 0;

  constructor(
    private readonly decider: Decider<State>,
    private readonly newIds = 'id',
  ) {
    this.state = decider.initialState();
  }

  at(nowMs: number): this {
    this.nowMs = nowMs;
    return this;
  }

  happened(...events: readonly SpecEvent[]): this {
    for (const event of events) this.evolve({ subject: 'spec', ...event }, SPEC_ACTOR, SPEC_CORRELATION_ID);
    return this;
  }

  /** @throws Rejection when the decider refuses; the state is then as before. */
  decide({ actor = SPEC_ACTOR, correlationId = SPEC_CORRELATION_ID, ...command }: SpecCommand): readonly NewEvent[] {
    const events = this.decider.decide(this.state, { ...command, actor, correlationId, project: SPEC_PROJECT }, this.context());
    return this.take(events, actor, correlationId);
  }

  /** As `decide`, with a refusal as a value. */
  tryToDecide(command: SpecCommand): readonly NewEvent[] | Rejection {
    try {
      return this.decide(command);
    } catch (error) {
      if (error instanceof Rejection) return error;
      throw error;
    }
  }

  /** Everything that follows by itself: `settle` is asked until it says nothing. */
  settle(): readonly NewEvent[] {
    const all: NewEvent[] = [];
    for (let asked = 0; ; asked++) {
      const answer = this.answer();
      if (answer.length === 0) return all;
      if (asked > ANSWERS_MAX) throw new Error('Settling does not come to an end.');
      all.push(...answer);
    }
  }

  /** One answer of `settle`, of which no more than the first `taken` events are taken. */
  answer(taken = Infinity): readonly NewEvent[] {
    const said = this.decider.settle?.(this.state, this.context()) ?? [];
    return this.take(said.slice(0, taken), 'service:spec', 'settle');
  }

  /** Moves the clock and decides what is due then; `leaseNowMs`, where it stands still for leases. */
  passTo(nowMs: number, { leaseNowMs = nowMs }: { readonly leaseNowMs?: number } = {}): readonly NewEvent[] {
    this.nowMs = nowMs;
    const due = this.decider.due?.(this.state, { nowMs, leaseNowMs, max: DUE_MAX }) ?? [];
    return due.flatMap(({ type, data }) => this.decide({ type, data: data as object, actor: 'service:spec' }));
  }

  dueAtMs(): number {
    return this.decider.dueAtMs?.(this.state) ?? Infinity;
  }

  /** Canonical text of the state: equal for equal states. */
  digest(state: State = this.state): string {
    return canonicalJson(this.decider.snapshot.encode(state));
  }

  /** The state that a replay of the log arrives at. */
  replayed(): State {
    return this.log.reduce((state, event) => this.decider.evolve(state, event), this.decider.initialState());
  }

  /** Goes on with what a snapshot of the state holds, as an owner does after a restart. In parts and as a whole it must hold the same. */
  restart(): this {
    const { encode, decode, parts } = this.decider.snapshot;
    const whole = decode(throughJson(encode(this.state)));
    if (!parts) {
      this.state = whole;
      return this;
    }
    const decoder = parts.decoder();
    for (const part of parts.encode(this.state)) decoder.take(throughJson(part));
    this.state = decoder.finish();
    if (this.digest() !== this.digest(whole)) throw new Error('The parts of the snapshot hold another state than the whole.');
    return this;
  }

  /** The parts of the state's snapshot, as JSON. */
  parts(): string[] {
    return [...(this.decider.snapshot.parts?.encode(this.state) ?? [])].map((part) => JSON.stringify(part));
  }

  private context() {
    return { nowMs: this.nowMs, newId: () => this.freshId() };
  }

  protected freshId(): string {
    return `${this.newIds}-${++this.ids}`;
  }

  protected take(events: readonly NewEvent[], actor: string, correlationId: string): readonly NewEvent[] {
    for (const event of events) {
      const contract = eventContract(event.type);
      if (!contract) throw new Error(`No contract for ${event.type}.`);
      assertFits(contract.data, event.data, `Event ${event.type} of ${event.subject}`);
      this.evolve(event, actor, correlationId);
    }
    return events;
  }

  private evolve(event: NewEvent, actor: string, correlationId: string): void {
    const placed: AnyEvent = JSON.parse(JSON.stringify({ v: 1, project: SPEC_PROJECT, actor, correlationId, ...event }));
    this.log.push(placed);
    this.state = this.decider.evolve(this.state, placed);
  }
}

const throughJson = (encoded: unknown): unknown => JSON.parse(canonicalJson(encoded));

/** `given(decider, past).when(command).then(events)`, or `.thenRejected(code)`. */
export function given<State>(decider: Decider<State>, past: readonly SpecEvent[] = [], nowMs = SPEC_START_MS) {
  const run = new DeciderRun(decider).at(nowMs).happened(...past);
  return {
    run,
    when: (command: SpecCommand) => outcome(run.tryToDecide(command)),
    whenSettled: () => outcome(run.settle()),
    whenTimePassesTo: (later: number) => outcome(run.passTo(later)),
  };
}

function outcome(decided: readonly NewEvent[] | Rejection) {
  return {
    then(expected: readonly { type: string; data: object }[]): void {
      if (decided instanceof Rejection) throw new Error(`Rejected as ${decided.code}: ${decided.message}`);
      expect(decided.map(({ type, data }) => ({ type, data }))).toEqual(expected);
    },
    thenNothing(): void {
      this.then([]);
    },
    thenRejected(code: string): void {
      expect(decided).toBeInstanceOf(Rejection);
      expect(decided).toMatchObject({ code });
    },
  };
}
