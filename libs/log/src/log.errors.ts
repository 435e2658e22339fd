import { formatPosition, type Position } from './position';

/** Another holder or a later epoch has the lease, or nobody has it any more: nothing was appended. Step down. */
export class Fenced extends Error {
  constructor(
    readonly partition: number,
    readonly service: string,
    readonly epoch: number,
  ) {
    super(`The lease of ${service} on partition ${partition} is no longer held in epoch ${epoch}.`);
    this.name = 'Fenced';
  }
}

/** The log is shorter than, or differs from, what its owner or reader has already seen: a tail was lost. Nothing was appended. */
export class LogRegressed extends Error {
  constructor(
    readonly partition: number,
    readonly seen: Position,
    readonly found: Position,
  ) {
    super(
      `Partition ${partition} of the log ends at ${formatPosition(found)}, but ${formatPosition(seen)} was seen before: a tail was lost.`,
    );
    this.name = 'LogRegressed';
  }
}

/** The log server cannot be reached or does not answer in time. Transient; who calls decides whether to retry. */
export class LogUnavailable extends Error {
  constructor(
    message: string,
    /** True when the request may have taken effect although no answer came. */
    readonly outcomeUnknown: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'LogUnavailable';
  }
}

/**
 * The gate of the partition is not open: the log server was started anew or taken over, and it is being made sure that
 * nothing is missing. Nothing was sent. Transient, unless the gate was refused.
 */
export class GateShut extends LogUnavailable {
  constructor(
    readonly partition: number,
    reason?: string,
  ) {
    super(
      reason === undefined
        ? `The gate of partition ${partition} is shut: audit has not yet made sure that its log is whole.`
        : `The gate of partition ${partition} stays shut: ${reason}`,
      false,
    );
    this.name = 'GateShut';
  }
}

/** An event over 64 KiB or a commit over 1 MiB: nothing was appended. Larger data goes by reference. */
export class EntryTooLarge extends Error {
  constructor(what: string, bytes: number, bytesMax: number) {
    super(`${what} has ${bytes} bytes; the log takes ${bytesMax}. Pass larger data by reference.`);
    this.name = 'EntryTooLarge';
  }
}

/** A reader met seq `found` where `expected` should be: entries are missing. Stop, loudly. */
export class Gap extends Error {
  constructor(
    readonly partition: number,
    readonly expectedSeq: number,
    readonly found: Position,
  ) {
    super(
      `Partition ${partition} of the log has ${formatPosition(found)} where seq ${expectedSeq} should be: entries are missing. ` +
        'Where a trim has forgotten them, the archive has them: let audit put the whole log back into an empty log server.',
    );
    this.name = 'Gap';
  }
}

/** The commands of a service wait in a queue that is full: nothing was queued. Try again later. */
export class QueueFull extends Error {
  constructor(
    readonly partition: number,
    readonly service: string,
    readonly entriesMax: number,
  ) {
    super(`The command queue of ${service} on partition ${partition} holds its maximum of ${entriesMax} entries.`);
    this.name = 'QueueFull';
  }
}
