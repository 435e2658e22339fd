import { formatPosition, type Position } from '@torch/log';

/** The log server holds something else than the archive at a position that both have. Neither is read on from there. */
export class HistoryForked extends Error {
  constructor(
    readonly partition: number,
    /** The first position that is known to differ. */
    readonly position: Position,
  ) {
    super(
      `Partition ${partition} of the log server differs from its archive at ${formatPosition(position)}: they are two histories. ` +
        'Read the archive alone, or find out with "torch audit verify" which of the two was changed.',
    );
    this.name = 'HistoryForked';
  }
}
