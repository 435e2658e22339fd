import type { ServiceName } from '@torch/contracts';
import type { AnyCommand, AnyEvent, Decider, Rejection } from '@torch/kernel';
import type { Consumed, Lease } from '@torch/log';

/** Events, or a refusal. */
export type Decision = { readonly events: number } | { readonly rejection: Rejection };

/** The owner's turn as a command handler or a reaction sees it: the state of one project, and the decider to ask. */
export interface Turn<State = unknown> {
  readonly project: string;
  readonly partition: number;
  readonly nowMs: number;
  readonly state: State;
  /** Decides, and evolves the state by the events. The host appends them at the end of the turn. */
  decide(command: AnyCommand): Decision;
}

/** What a query handler sees when it is called: state that is in the log, nothing that is still on its way there. */
export interface Reading<State = unknown> {
  readonly project: string;
  readonly partition: number;
  readonly nowMs: number;
  readonly state: State;
}

/** A command of the service's own, from a timer, a reaction or an effect. Decided as `service:<name>`. */
export interface OwnCommand {
  readonly type: string;
  readonly data: unknown;
  readonly correlationId?: string;
  /** Id of the event, or `timer:<epoch ms>`, that it follows from; absent for what the service noticed by itself. */
  readonly causationId?: string;
  readonly traceparent?: string;
}

/** An event with its place in the log. */
export interface PlacedEvent extends AnyEvent {
  /** `<partition>/<seq>-<generation>/<index>`. */
  readonly id: string;
  readonly seq: number;
  readonly recordedAtMs: number;
}

/** What an effect sees after the event it follows is in the log. */
export interface EffectContext<State = unknown> {
  readonly partition: number;
  /** The project's state as it is now, perhaps further on than the event. */
  state(): State;
  /** Reports an outcome. Resolves when the owner has taken it into a turn; it is in the log soon after. */
  submit(command: OwnCommand): Promise<void>;
}

/** What a service is made of. Nest's strategy builds it from the handlers; a bench or a simulator by hand. */
export interface ServiceDefinition<State = unknown> {
  readonly service: ServiceName;
  readonly decider: Decider<State>;
  /** Decides one admitted command, usually `turn.decide(command)`. */
  handleCommand(command: AnyCommand, turn: Turn<State>): Decision | Promise<Decision>;
  /**
   * By query type. A handler is called between two turns and takes what it needs of the state before it first waits for anything
   * outside of the process: whatever it reads later may not be in the log yet. A promise that takes longer is not waited for by the
   * owner's loop; at most `queriesRunningMax` of them go on beside it, and none is answered by an owner that is it no more.
   */
  readonly queries: ReadonlyMap<string, (data: unknown, reading: Reading<State>) => unknown>;
  /** By event type: another service's event becomes commands here, decided in the same turn. */
  readonly reactions: ReadonlyMap<string, (event: AnyEvent, turn: Turn<State>) => readonly OwnCommand[] | Promise<readonly OwnCommand[]>>;
  /**
   * By event type, own or foreign: done after the commit, on the partition's owner only, in log order per partition, at
   * least once. Never in replay. A position of its own is kept per service.
   */
  readonly effects: ReadonlyMap<string, (event: PlacedEvent, context: EffectContext<State>) => Promise<void>>;
  /**
   * Called when this instance has taken the lease and before it reads the log to its end; again after every lost
   * connection. After a `LogUnavailable` it is called again with the next lease; a `Fenced` begins the partition anew.
   *
   * @param readOn reads the log to its end, and says how far the service has consumed.
   */
  prepare?(lease: Lease, readOn: () => Promise<Consumed>): Promise<void>;
  /** Called when this instance has become the owner of a partition and has caught up, before its first turn. */
  onOwned?(partition: OwnedPartition<State>): Promise<void> | void;
  /** Called when it is the owner no more. */
  onReleased?(partition: number): Promise<void> | void;
}

/** A partition that this instance owns, for adapters that act by themselves: a watch over heartbeats, a process runtime. */
export interface OwnedPartition<State = unknown> {
  readonly partition: number;
  /** Those of which there is a state. */
  projects(): readonly string[];
  /** Of a suspended project it may be out of date. @throws Rejection `project-quarantined` when there is none. */
  state(project: string): State;
  /** The owner's time, epoch ms: what the rules compare times with. */
  timeMs(): number;
  /**
   * Resolves when the command's turn is in the log. @throws Rejection `project-quarantined` where nothing is decided for the project;
   * Fenced when this instance stops being the owner before that.
   */
  submit(project: string, command: OwnCommand): Promise<void>;
}
