/** `user:<name>`, `agent:<id>` or `service:<name>`; verified by whoever admitted the command. */
export type Actor = string;

/** A request to decide something. The decider answers with events, or refuses with a `Rejection`. */
export interface AnyCommand<Type extends string = string, Data = unknown> {
  /** Imperative: `SubmitRun`. */
  readonly type: Type;
  readonly project: string;
  readonly actor: Actor;
  readonly correlationId: string;
  readonly traceparent?: string;
  readonly data: Data;
}
