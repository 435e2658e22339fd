/**
 * A place in one partition's log, and the stream id of its commit: `<seq>-<generation>`.
 *
 * `seq` is contiguous from 1. `generation` is 0 at first and one more after every recovery that lost a tail, so that a
 * position never means two things.
 */
export interface Position {
  readonly seq: number;
  readonly generation: number;
}

/** Before the first commit. */
export const START: Position = { seq: 0, generation: 0 };

export const formatPosition = ({ seq, generation }: Position): string => `${seq}-${generation}`;

/** @throws RangeError when the text is not a position. */
export function parsePosition(text: string): Position {
  const [, seq, generation] = /^(\d{1,16})-(\d{1,9})$/.exec(text) ?? [];
  if (seq === undefined) throw new RangeError(`"${text}" is not a log position; expected <seq>-<generation>, such as 42-0.`);
  return { seq: Number(seq), generation: Number(generation) };
}

export const samePosition = (a: Position, b: Position): boolean => a.seq === b.seq && a.generation === b.generation;
