/** How a cause and what it led to belong together. */
export type WhyRelation =
  /** The command asked for the event. */
  | 'asked'
  /** The event names the other one as what it came from: a reaction, an effect, a conclusion. */
  | 'caused'
  /** The rule looked at what the other one says. */
  | 'evidence'
  /** What came before it for the same thing. */
  | 'before';

/** Something in a causal chain. */
export interface WhyNode {
  /** Id of the event, `command/<idempotency id>` or `timer/<service>/<epoch ms>`. */
  readonly id: string;
  readonly kind: 'event' | 'command' | 'timer';
  /** Event type, or name of the command where the event tells it. */
  readonly type: string;
  /** Position of the commit; that of what it led to for commands and timers. */
  readonly position: string;
  /** ISO 8601. */
  readonly at: string;
  /** Who decided it. */
  readonly service: string;
  readonly actor: string;
  readonly subject?: string;
  /** What it says, as a clause for people. */
  readonly says: string;
  /** The fields that are evidence. */
  readonly evidence: Readonly<Record<string, unknown>>;
}

export interface WhyEdge {
  /** The cause. */
  readonly from: string;
  /** What it led to. */
  readonly to: string;
  readonly relation: WhyRelation;
}

/** Why things are as they are with a subject: what happened to it, what led to that, and what followed. */
export interface WhyGraph {
  readonly subject: string;
  readonly project: string;
  readonly partition: number;
  /** Events about the subject itself, in order. */
  readonly story: readonly string[];
  readonly nodes: readonly WhyNode[];
  readonly edges: readonly WhyEdge[];
  /** What was left out to keep it readable; absent when nothing was. */
  readonly leftOut?: string;
}
