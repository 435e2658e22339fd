import type { AnyCommand } from '@torch/kernel';

/** A command on its way to the owner. */
export interface CommandEnvelope extends AnyCommand {
  /** Idempotency id, chosen by the sender: the same id gets the same answer and never a second effect. */
  readonly id: string;
  /** Instance that waits for the answer; absent: nobody does. */
  readonly replyTo?: string;
}

/** What the owner answers once the commit that holds the command's events is in the log. `id` is `<project>/<idempotency id>`. */
export type Answer =
  | { readonly id: string; readonly ok: true; readonly position: string }
  | { readonly id: string; readonly ok: false; readonly code: string; readonly message: string };

/** A question on its way to the owner, over the request lane. */
export interface QueryEnvelope {
  readonly id: string;
  readonly type: string;
  readonly project: string;
  readonly data: unknown;
  readonly replyTo: string;
  /** How long the asker waits, ms. The owner counts it from the arrival, since two clocks need not agree, and drops what nobody waits for any more. */
  readonly waitMs: number;
}

export type QueryAnswer =
  | { readonly id: string; readonly ok: true; readonly answer: unknown }
  | { readonly id: string; readonly ok: false; readonly code: string; readonly message: string };
