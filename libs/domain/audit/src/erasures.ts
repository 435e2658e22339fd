import type { SubjectKeyRef } from '@torch/contracts';

export interface ErasureState {
  readonly requestedAtMs: number;
  /** That are to be destroyed; none once they are. */
  readonly keys: readonly SubjectKeyRef[];
  /** Absent while the keys are not known to be destroyed. */
  readonly erasedAtMs?: number;
}

/** Erasures by data subject, in the order of their requests; of more than `max`, the first is forgotten. */
export class Erasures {
  private readonly bySubject = new Map<string, ErasureState>();
  /** Stands before the first that is remembered: to look for it anew would be to go through all that were forgotten. */
  private readonly oldest = this.bySubject.keys();

  constructor(private readonly max: number) {}

  get(subject: string): ErasureState | undefined {
    return this.bySubject.get(subject);
  }

  /** The newest from now on, whenever it was asked for before. */
  requested(subject: string, erasure: ErasureState): void {
    this.bySubject.delete(subject);
    this.set(subject, erasure);
  }

  /** In the place of what is known of the subject. */
  set(subject: string, erasure: ErasureState): void {
    this.bySubject.set(subject, erasure);
    if (this.bySubject.size > this.max) this.bySubject.delete(this.oldest.next().value as string);
  }

  entries(): IterableIterator<[subject: string, erasure: ErasureState]> {
    return this.bySubject.entries();
  }
}
