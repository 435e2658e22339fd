/** One request that a client has made until it was acknowledged, as the client saw it. Times in ms on one clock. */
export interface Operation {
  readonly client: number;
  /** Names the one event that it must have led to: `<event type> <id>`. */
  readonly effect: string;
  /** When it was first sent. */
  readonly sentAtMs: number;
  readonly ackedAtMs: number;
  /** Where the acknowledgement said that it took effect. */
  readonly position: string;
  /** How often it was sent until it was acknowledged. */
  readonly attempts: number;
}

/** What the log holds in the end. */
export interface LoggedEffect {
  readonly effect: string;
  readonly position: string;
}
