import type { AttemptFailure } from '@torch/contracts';

/**
 * What has been said of a task, and calls for a further event. Rules and conclusions say such events together; but of an answer of
 * `settle` the host may take the first ones alone: see `follow-up.ts`.
 */
export type Between =
  | { readonly after: 'attempt-failed'; readonly reason: AttemptFailure }
  /** `account`: the key of the budget. */
  | { readonly after: 'budget-exhausted'; readonly account: string };
