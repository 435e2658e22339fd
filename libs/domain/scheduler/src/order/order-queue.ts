import { Heap } from '@torch/kernel';
import type { Share } from './fair-shares';
import type { Strand } from './strand';

const LEVELS = 10;

/** The strands of one fairness key at one level: the one whose next task was submitted first goes first. */
export class KeyLane {
  index = -1;
  /** The key's virtual time when the lane was last put into its place: never more than it is now, except while `settleBack` is due. */
  vt: number;
  readonly strands = new Heap<Strand>(
    (a, b) => a.headSeq < b.headSeq,
    (strand, index) => {
      strand.laneIndex = index;
    },
  );

  constructor(
    readonly share: Share,
    readonly level: Level,
  ) {
    this.vt = share.vt;
  }
}

/**
 * One level of a queue: the key that has had the least goes first. A key's virtual time grows with every task that it is given, in
 * all levels and classes; a lane is moved only when it comes to the top with a time that is not its key's any more.
 */
class Level {
  readonly byShare = new Map<Share, KeyLane>();
  readonly lanes = new Heap<KeyLane>(
    (a, b) => (a.vt !== b.vt ? a.vt < b.vt : (a.strands.peek() as Strand).headSeq < (b.strands.peek() as Strand).headSeq),
    (lane, index) => {
      lane.index = index;
    },
  );

  first(): Strand | undefined {
    for (let lane = this.lanes.peek(); lane; lane = this.lanes.peek()) {
      if (lane.vt === lane.share.vt) return lane.strands.peek();
      moved(lane);
    }
    return undefined;
  }
}

/** Strands by level, then by virtual time of their key, then by submission of their next task: at O(log n) each. */
export class OrderQueue {
  strands = 0;
  private readonly levels: (Level | undefined)[] = [];

  /** Of a queue of held strands: on what. */
  constructor(readonly holdKey?: string) {}

  add(strand: Strand): void {
    const level = (this.levels[strand.level] ??= new Level());
    let lane = level.byShare.get(strand.share);
    if (!lane) {
      lane = new KeyLane(strand.share, level);
      level.byShare.set(strand.share, lane);
      strand.share.lanes.add(lane);
    }
    lane.strands.push(strand);
    strand.lane = lane;
    if (lane.index >= 0) level.lanes.updateAt(lane.index);
    else level.lanes.push(lane);
    this.strands++;
  }

  remove(strand: Strand): void {
    const lane = strand.lane as KeyLane;
    const { level } = lane;
    if (lane.strands.size === 1) {
      level.lanes.removeAt(lane.index); // While it is not empty, because its strand ranks it.
      level.byShare.delete(strand.share);
      strand.share.lanes.delete(lane);
      lane.strands.pop();
    } else {
      lane.strands.removeAt(strand.laneIndex);
      level.lanes.updateAt(lane.index);
    }
    strand.lane = undefined;
    this.strands--;
  }

  /** The strand's next task is another one. */
  refresh(strand: Strand): void {
    const lane = strand.lane as KeyLane;
    lane.strands.updateAt(strand.laneIndex);
    lane.level.lanes.updateAt(lane.index);
  }

  peek(): Strand | undefined {
    if (this.strands === 0) return undefined;
    for (let level = 0; level < LEVELS; level++) {
      const first = this.levels[level]?.first();
      if (first) return first;
    }
    return undefined;
  }
}

function moved(lane: KeyLane): void {
  lane.vt = lane.share.vt;
  lane.level.lanes.updateAt(lane.index);
}

/** The key's virtual time has gone back: what was tried out is taken back. */
export function settleBack({ lanes, vt }: Share): void {
  for (const lane of lanes) if (lane.vt > vt) moved(lane);
}
