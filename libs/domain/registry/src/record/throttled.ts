import { OrderedSet } from '@torch/kernel';

export interface ThrottledAgent {
  readonly agentId: string;
  /** Epoch ms. */
  readonly untilMs: number;
}

/** Agents that met a rate limit, and until when. Those with the latest moment are found first: one whose moment has passed needs nothing. */
export class Throttled {
  private readonly byId = new Map<string, ThrottledAgent>();
  private readonly ordered = new OrderedSet<ThrottledAgent>(
    (a, b) => a.untilMs > b.untilMs || (a.untilMs === b.untilMs && a.agentId < b.agentId),
  );

  get(agentId: string): number | undefined {
    return this.byId.get(agentId)?.untilMs;
  }

  set(agentId: string, untilMs: number): void {
    this.delete(agentId);
    const throttled = { agentId, untilMs };
    this.byId.set(agentId, throttled);
    this.ordered.add(throttled);
  }

  delete(agentId: string): void {
    const known = this.byId.get(agentId);
    if (!known) return;
    this.byId.delete(agentId);
    this.ordered.delete(known);
  }

  /** The latest moment first. */
  latest(): Iterable<ThrottledAgent> {
    return this.ordered;
  }

  *all(): Iterable<readonly [agentId: string, untilMs: number]> {
    for (const { agentId, untilMs } of this.byId.values()) yield [agentId, untilMs];
  }
}
