import type { Durability } from '@torch/contracts';

/**
 * A command took effect, and nobody has confirmed that it survives what was asked for. Send it again under the same
 * idempotency id to ask again, or accept less.
 */
export class NotDurable extends Error {
  constructor(
    readonly durability: Durability,
    /** Where the command took effect: `<seq>-<generation>`. */
    readonly position: string,
    reason: string,
  ) {
    super(
      `The command took effect at ${position}, but is not confirmed as ${durability}: ${reason} ` +
        'Send it again under the same idempotency id to wait on, or ask for less with Torch-Durability.',
    );
    this.name = 'NotDurable';
  }
}

/** What became of a position that somebody waits for; `lost`: the log server lost it, and the command is to be sent again. */
export type Reached = Durability | 'lost';
