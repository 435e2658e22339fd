import {
  CHAIN_START,
  type ChainHead,
  type Checkpoint,
  Frontier,
  placeFault,
  positionOf,
  type RecordLine,
  recordFault,
} from '@torch/domain-audit';
import { sha256 } from '../hashing';
import { type Checks, Fault, nextPosition } from './verdict';

/** A checkpoint that the records have to bear out, and where it was found. */
export interface Expected {
  readonly checkpoint: Checkpoint;
  readonly from: string;
}

/** Goes over a partition's records in order, carrying chain and tree on, and holds them against every checkpoint on the way. */
export class RecordWalk {
  records = 0;
  pruned = 0;
  checkpointsVerified = 0;
  signedSeq = 0;
  private expected: Expected[] = [];
  private nextSize = Infinity;

  private constructor(
    private readonly checks: Checks,
    public head: ChainHead,
    readonly frontier: Frontier,
  ) {}

  static fromTheStart(checks: Checks): RecordWalk {
    return new RecordWalk(checks, CHAIN_START, Frontier.empty(sha256));
  }

  /** Another walk that goes on from here, with the same checkpoints before it. */
  fork(): RecordWalk {
    const { head, frontier } = this;
    const walk = new RecordWalk(this.checks, head, Frontier.decode(frontier.encode(), frontier.size, sha256));
    walk.records = this.records;
    walk.pruned = this.pruned;
    walk.checkpointsVerified = this.checkpointsVerified;
    walk.signedSeq = this.signedSeq;
    walk.expected = [...this.expected];
    walk.nextSize = this.nextSize;
    return walk;
  }

  /** @throws Fault when the walk is past it already. */
  expect(expected: Expected): void {
    const { size, head } = expected.checkpoint;
    if (size < this.frontier.size)
      throw new Fault(
        positionOf(head),
        `The checkpoint of ${expected.from} is for ${size} records, and comes behind ${this.frontier.size}.`,
      );
    if (size === this.frontier.size) return this.compare(expected);
    this.expected.push(expected);
    this.nextSize = Math.min(this.nextSize, size);
  }

  /**
   * @param record its line is written over, except for the commit. Undefined when the line is none.
   * @throws Fault naming the first record that is not what it must be.
   */
  take(record: RecordLine | undefined): RecordLine {
    if (!record) throw new Fault(nextPosition(this.head), 'The record cannot be read.');
    const leaf = record.takeLeaf(sha256);
    const fault = this.faultOf(record, leaf);
    if (fault) throw new Fault(fault.position, fault.problem);
    this.head = { seq: record.seq, generation: record.generation, hash: record.hash };
    this.records++;
    if (record.leaf !== undefined) this.pruned++;
    this.frontier.append(leaf);
    if (this.frontier.size === this.nextSize) this.meet();
    return record;
  }

  /** @throws Fault when there is a checkpoint that the records do not reach. */
  end(): void {
    const [missed] = this.expected;
    if (!missed) return;
    const { head } = missed.checkpoint;
    throw new Fault(
      nextPosition(this.head),
      `The records end with ${positionOf(this.head)}, and the checkpoint of ${missed.from} is for ${positionOf(head)}: they were cut off.`,
    );
  }

  private faultOf(record: RecordLine, leaf: string) {
    const { head, checks } = this;
    if (checks('place')) {
      const misplaced = placeFault(head, record);
      if (misplaced) return misplaced;
    }
    if (!checks('chain')) return undefined;
    return recordFault(checks('place') ? head : { ...head, seq: record.seq - 1, generation: record.generation }, record, sha256, leaf);
  }

  private meet(): void {
    const { size } = this.frontier;
    const met = this.expected.filter(({ checkpoint }) => checkpoint.size === size);
    this.expected = this.expected.filter(({ checkpoint }) => checkpoint.size !== size);
    this.nextSize = Math.min(Infinity, ...this.expected.map(({ checkpoint }) => checkpoint.size));
    for (const expected of met) this.compare(expected);
  }

  private compare({ checkpoint, from }: Expected): void {
    const position = positionOf(checkpoint.head);
    const { head, frontier, checks } = this;
    const isSame = head.seq === checkpoint.head.seq && head.generation === checkpoint.head.generation && head.hash === checkpoint.head.hash;
    if (checks('chain') && !isSame)
      throw new Fault(position, `The chain is sound up to here, but not the one that the checkpoint of ${from} was signed for.`);
    if (checks('tree') && frontier.root() !== checkpoint.root)
      throw new Fault(position, `The tree up to here is not the one that the checkpoint of ${from} was signed for.`);
    this.checkpointsVerified++;
    this.signedSeq = Math.max(this.signedSeq, checkpoint.size);
  }
}
