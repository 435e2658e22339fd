import type { Lease, Position } from '@torch/log';

/** Is told how far each partition is archived. */
export interface ArchivedListener {
  /**
   * @param lease in whose name it is told.
   * @param position everything up to it survives the loss of the log server.
   * @param failing why the archive does not advance now; absent while it does.
   */
  archived(lease: Lease, position: Position, failing?: string): void;
}

export const ARCHIVED = Symbol('ARCHIVED');
