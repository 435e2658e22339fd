import type { AnyCommand } from './command';
import type { AnyEvent } from './event';

/** What a decider may know besides its state. Time and ids arrive here, so that a decision can be repeated exactly. */
export interface DecisionContext {
  /** Epoch ms, read once for the whole turn. */
  readonly nowMs: number;
  /** A fresh, unique id; the simulator hands out the same ones for the same seed. */
  newId(): string;
}

/** What a decider may know when it is asked what has come due. */
export interface TimerContext {
  /** Epoch ms, read once for the whole turn. */
  readonly nowMs: number;
  /**
   * The time by which leases and time-outs of other people's work end. It is `nowMs`, except for a while after a change of owner:
   * then it stands still, so that whoever worked on in between is heard before the lease counts as over.
   */
  readonly leaseNowMs: number;
  /** Commands that are taken at most; the host asks again for what is left. */
  readonly max: number;
}

/**
 * An event as a decider writes it. The host adds project, version, actor and causation, and takes what is
 * absent here from the command (or, in `settle`, from the service itself).
 */
export interface NewEvent<Type extends string = string, Data = unknown> {
  readonly type: Type;
  readonly subject: string;
  readonly data: Data;
  /** Set where the event belongs to another thread of work than the command: an assignment belongs to its task's. */
  readonly correlationId?: string;
  readonly traceparent?: string;
}

/** How a state is kept in a snapshot. A snapshot of another version is ignored, and the log replayed instead. */
export interface SnapshotFormat<State> {
  readonly version: number;
  /** JSON-safe, and the same for equal states whatever the order in which they came about: digests are taken of it. */
  encode(state: State): unknown;
  decode(encoded: unknown): State;
  /** For states that grow large: the same in parts of a MiB or so. No snapshot is one text then, and nobody is held up for long. */
  readonly parts?: {
    encode(state: State): Iterable<unknown>;
    decoder(): PartsDecoder<State>;
  };
}

/** Is given the parts of a state in their order. */
export interface PartsDecoder<State> {
  take(part: unknown): void;
  finish(): State;
}

/**
 * The rules of one context for one project: no I/O, no clock, no randomness, no `async`.
 *
 * The same functions run live, in replay, in the simulator and in the audit.
 */
export interface Decider<State, Command extends AnyCommand = AnyCommand, Event extends AnyEvent = AnyEvent> {
  initialState(): State;
  /** @throws Rejection when a rule says no. An empty answer means: nothing to do, and that is fine. */
  decide(state: State, command: Command, context: DecisionContext): readonly NewEvent[];
  /**
   * Never refuses: the event has happened. Sees the service's own events and the foreign ones it subscribes to.
   * May update `state` in place; the caller goes on with what is returned and never keeps the older one.
   */
  evolve(state: State, event: Event): State;
  /** Event types of other services that `evolve` wants to see. */
  readonly foreign: readonly string[];
  /**
   * What follows from the state once a turn's commands are decided, such as the assignments of all ready tasks.
   * The host evolves the answer and asks again until there is none, so an answer may be kept small enough for one commit.
   */
  settle?(state: State, context: DecisionContext): readonly NewEvent[];
  /** The next moment at which `due` has something to say, epoch ms; `Infinity` for never. */
  dueAtMs?(state: State): number;
  /** Timers as inputs: commands whose time has come, at most `max` of them. Decided like any other command, as `service:<name>`. */
  due?(state: State, context: TimerContext): readonly Pick<Command, 'type' | 'data'>[];
  readonly snapshot: SnapshotFormat<State>;
}
