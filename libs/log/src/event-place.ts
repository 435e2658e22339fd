import { formatPosition, parsePosition, type Position } from './position';

/** Where an event is: its partition, its commit, and its place in that. */
export interface EventPlace {
  readonly partition: number;
  readonly position: Position;
  readonly index: number;
}

/** Behind every event of a commit: the index of a place that stands for the commit's end. */
export const COMMIT_END_INDEX = 999_999;

export const eventId = ({ partition, position, index }: EventPlace): string => `${partition}/${formatPosition(position)}/${index}`;

/** @throws RangeError when the text is not the id of an event. */
export function parseEventId(text: string): EventPlace {
  const [, partition, position, index] = /^(\d{1,4})\/(\d+-\d+)\/(\d{1,6})$/.exec(text) ?? [];
  if (partition === undefined || position === undefined || index === undefined) {
    throw new RangeError(`"${text}" is not the id of an event; expected <partition>/<seq>-<generation>/<index>, such as 3/42-0/0.`);
  }
  return { partition: Number(partition), position: parsePosition(position), index: Number(index) };
}

/**
 * Negative when `a` comes before `b` in their partition's log, 0 when they are the same. The generation goes first: what was
 * lost with a tail comes before whatever has taken its place.
 */
export function compareEventPlaces(a: EventPlace, b: EventPlace): number {
  return a.position.generation - b.position.generation || a.position.seq - b.position.seq || a.index - b.index;
}
