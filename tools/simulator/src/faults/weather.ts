import type { Passage, Weather } from '../engine/link';
import type { SeededRandom } from '@torch/testing';
import type { WorldFault } from './fault-names';

/** Of the requests, while it lasts. */
const HIT = 0.15;
/** Longer than an owner's lease. */
const LATE_MS_MAX = 6000;

/** Faults that last for a while and hit some of the requests. */
export class ChangingWeather {
  private readonly storms = new Set<WorldFault>();

  constructor(private readonly random: SeededRandom) {}

  begin(fault: WorldFault): void {
    this.storms.add(fault);
  }

  end(fault: WorldFault): void {
    this.storms.delete(fault);
  }

  clear(): void {
    this.storms.clear();
  }

  readonly at: Weather = (operation) => {
    if (this.storms.size === 0) return undefined;
    const passage: Partial<Passage>[] = [];
    for (const storm of this.storms) {
      const hit = this.hit(storm, operation);
      if (hit) passage.push(hit);
    }
    return passage.length === 0 ? undefined : (Object.assign({}, ...passage) as Partial<Passage>);
  };

  private hit(storm: WorldFault, operation: string): Partial<Passage> | undefined {
    const { random } = this;
    if ((storm === 'edge-replies') !== (operation === 'edge')) return undefined;
    if (storm === 'append-answer-lost') return operation === 'log.append' && random.chance(0.5) ? { isReplyLost: true } : undefined;
    if (!random.chance(HIT)) return undefined;
    switch (storm) {
      case 'lost-replies':
        return random.chance(0.3) ? { isRequestLost: true } : { isReplyLost: true };
      case 'edge-replies':
        return random.chance(0.5) ? { isReplyLost: true } : { replyMs: random.int(100, LATE_MS_MAX) };
      case 'late-replies':
        return { replyMs: random.int(100, LATE_MS_MAX) };
      case 'late-requests':
        return { requestMs: random.int(100, LATE_MS_MAX) };
      default:
        return undefined;
    }
  }
}

export const STORMS: readonly WorldFault[] = ['lost-replies', 'late-replies', 'late-requests', 'append-answer-lost', 'edge-replies'];
