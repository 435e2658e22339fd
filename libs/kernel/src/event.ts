/**
 * A fact that the log holds. Maps one to one to CloudEvents 1.0.
 *
 * `actor` is the verified principal that caused the event and never comes from a request's body.
 */
export interface EventEnvelope<Type extends string = string, Data = unknown> {
  /** Past tense, `<noun>.<verb>`: `task.assigned`. */
  readonly type: Type;
  /** Schema version of `data`, from 1. */
  readonly v: number;
  /** What the event is about: `task/<id>`. */
  readonly subject: string;
  /** Tenant; everything about one project is in one partition, in one order. */
  readonly project: string;
  /** `user:<name>`, `agent:<id>` or `service:<name>`. */
  readonly actor: string;
  readonly correlationId: string;
  readonly causationId?: string;
  /** W3C trace context of the span that caused the event. */
  readonly traceparent?: string;
  readonly data: Data;
}

export type AnyEvent = EventEnvelope;
