import { MinHeap } from '@torch/kernel';
import type { AgentRecord } from './registry.state';

interface Ending {
  readonly untilMs: number;
  readonly agentId: string;
}

const before = (a: Ending, b: Ending): boolean => a.untilMs < b.untilMs || (a.untilMs === b.untilMs && a.agentId < b.agentId);

/** When pauses end by themselves. What was replaced or ended earlier is dropped when its time comes. */
export class PauseTimers {
  private readonly endings = new MinHeap<Ending>(before);

  add({ agentId, pause }: AgentRecord): void {
    if (pause?.untilMs !== undefined) this.endings.push({ agentId, untilMs: pause.untilMs });
  }

  /** `Infinity` for never. */
  dueAtMs(agents: ReadonlyMap<string, AgentRecord>): number {
    for (let next = this.endings.peek(); next; this.endings.pop(), next = this.endings.peek()) if (holds(next, agents)) return next.untilMs;
    return Infinity;
  }

  /** The agents whose pause is over, earliest first, at most `max`. */
  due(agents: ReadonlyMap<string, AgentRecord>, nowMs: number, max: number): readonly AgentRecord[] {
    const ended = new Map<string, Ending>();
    for (let next = this.endings.peek(); next && next.untilMs <= nowMs && ended.size < max; next = this.endings.peek()) {
      this.endings.pop();
      if (holds(next, agents)) ended.set(next.agentId, next);
    }
    for (const ending of ended.values()) this.endings.push(ending); // They are due until an event says that they are over.
    return [...ended.keys()].map((agentId) => agents.get(agentId) as AgentRecord);
  }
}

const holds = ({ agentId, untilMs }: Ending, agents: ReadonlyMap<string, AgentRecord>): boolean =>
  agents.get(agentId)?.pause?.untilMs === untilMs;
