import { RecentMap } from '@torch/kernel';
import { formatPosition, parsePosition, type Position, type RecordedAnswer } from '@torch/log';

export interface AnsweredBefore {
  readonly position: Position;
  readonly answer: RecordedAnswer;
}

/**
 * The answers that a partition's owner gave last, by project and idempotency id, oldest forgotten first.
 *
 * It is folded from the commits' headers, so every owner and every replay remembers the same ones.
 */
export class AnsweredCommands {
  private readonly answers: RecentMap<string, AnsweredBefore>;

  constructor(idsMax: number) {
    this.answers = new RecentMap(idsMax);
  }

  get(id: string): AnsweredBefore | undefined {
    return this.answers.get(id);
  }

  record(position: Position, answer: RecordedAnswer): void {
    this.answers.set(answer[0], { position, answer });
  }

  encode(): unknown {
    return [...this.answers.values()].map(({ position, answer }) => [formatPosition(position), ...answer]);
  }

  static decode(encoded: unknown, idsMax: number): AnsweredCommands {
    const restored = new AnsweredCommands(idsMax);
    for (const [position, ...answer] of encoded as string[][])
      restored.record(parsePosition(position as string), answer as unknown as RecordedAnswer);
    return restored;
  }
}

/** Ids are the senders' own, so two projects may choose the same one. */
export const answeredKey = (project: string, id: string): string => `${project}/${id}`;
