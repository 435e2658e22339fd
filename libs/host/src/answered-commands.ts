import { RecentMap } from '@torch/kernel';
import type { Position, RecordedAnswer } from '@torch/log';
import type { HostConfig } from './host.config';

export interface AnsweredBefore {
  readonly position: Position;
  readonly answer: RecordedAnswer;
}

/** How long answers are remembered, and in how many bytes at most. */
export type AnsweredLimits = Pick<HostConfig, 'idempotencyKeptMs' | 'idempotencyBytesMax'>;

/** What an answer takes beside its texts: its places in the map and in the order of age, and the headers of its texts. */
export const ANSWER_BYTES = 200;
/** Characters of a part of a snapshot. */
export const PART_CHARS_MAX = 256 * 1024;

/** The commit that answered: one object for all answers that it holds. */
interface Place {
  readonly position: Position;
  readonly atMs: number;
}

interface Refusal {
  readonly place: Place;
  readonly code: string;
  readonly message: string;
}

/** What most answers are is an acceptance: nothing but its place. */
type Remembered = Place | Refusal;

/** The answers of one commit in a snapshot: an id alone was accepted. */
type EncodedCommit = readonly [seq: number, generation: number, atMs: number, answers: (string | RecordedAnswer)[]];

/**
 * The answers that a partition's owner gave last, by project and idempotency id.
 *
 * They are folded from the commits' headers, and what is forgotten is a function of those alone: every owner, standby and replay
 * with the same limits remembers the same ones. Time is what the commits say, as far as it goes forward: where a clock was set
 * back, nothing is forgotten early.
 */
export class AnsweredCommands {
  private readonly answers: RecentMap<string, Remembered>;
  private place: Place = { position: { seq: 0, generation: 0 }, atMs: 0 };

  constructor(private readonly limits: AnsweredLimits) {
    this.answers = new RecentMap(limits.idempotencyBytesMax, bytesOf);
  }

  get size(): number {
    return this.answers.size;
  }

  get(id: string): AnsweredBefore | undefined {
    const found = this.answers.get(id);
    if (!found) return undefined;
    return { position: placeOf(found).position, answer: answerOf(id, found) };
  }

  /** @param recordedAtMs of the commit at `position`, as its header says. */
  record(position: Position, answer: RecordedAnswer, recordedAtMs: number): void {
    if (position.seq !== this.place.position.seq || position.generation !== this.place.position.generation)
      this.goOnAt(position, recordedAtMs);
    const [id, code, message = ''] = answer;
    this.answers.set(id, code === undefined ? this.place : { place: this.place, code, message });
  }

  /** In parts of at most `PART_CHARS_MAX`, or of one answer. */
  *encode(): Iterable<unknown> {
    let commits: EncodedCommit[] = [];
    let chars = 0;
    let last: Place | undefined;
    for (const [id, remembered] of this.answers.entries()) {
      const { position, atMs } = placeOf(remembered);
      const answer = 'place' in remembered ? answerOf(id, remembered) : id;
      const answerChars = JSON.stringify(answer).length + COMMIT_CHARS;
      if (chars > 0 && chars + answerChars > PART_CHARS_MAX) {
        yield commits;
        commits = [];
        chars = 0;
        last = undefined;
      }
      if (last !== placeOf(remembered)) commits.push([position.seq, position.generation, atMs, []]);
      last = placeOf(remembered);
      commits[commits.length - 1]?.[3].push(answer);
      chars += answerChars;
    }
    if (commits.length > 0) yield commits;
  }

  /** The next of the parts that `encode` gave. */
  restorePart(part: unknown): void {
    for (const [seq, generation, atMs, answers] of part as readonly EncodedCommit[]) {
      const position = { seq, generation };
      for (const answer of answers) this.record(position, typeof answer === 'string' ? [answer] : answer, atMs);
    }
  }

  private goOnAt(position: Position, recordedAtMs: number): void {
    const atMs = Math.max(this.place.atMs, recordedAtMs);
    this.place = { position, atMs };
    this.answers.forgetWhile((remembered) => placeOf(remembered).atMs < atMs - this.limits.idempotencyKeptMs);
  }
}

/** Of a commit around its answers in a snapshot, at most. */
const COMMIT_CHARS = 64;

const placeOf = (remembered: Remembered): Place => ('place' in remembered ? remembered.place : remembered);

const answerOf = (id: string, remembered: Remembered): RecordedAnswer =>
  'place' in remembered ? [id, remembered.code, remembered.message] : [id];

/** By the texts' length: counting their bytes would cost more than remembering them, and few ids have other than one for each. */
const bytesOf = (id: string, remembered: Remembered): number =>
  ANSWER_BYTES + id.length + ('place' in remembered ? remembered.code.length + remembered.message.length + ANSWER_BYTES : 0);

/** Ids are the senders' own, so two projects may choose the same one. */
export const answeredKey = (project: string, id: string): string => `${project}/${id}`;
