import type { AgentState } from '../scheduler.state';

/** Agents whose pause ends by itself, now and later. */
export class Pauses {
  private readonly agents = new Set<AgentState>();
  private nextMs = Infinity;

  /** To be called when the agent's pause, or whether it is there, has changed. */
  refresh(agent: AgentState): void {
    if (agent.profile === undefined || agent.pausedUntilMs === 0 || agent.pausedUntilMs === Infinity) this.agents.delete(agent);
    else {
      this.agents.add(agent);
      if (agent.pausedUntilMs < this.nextMs) this.nextMs = agent.pausedUntilMs;
    }
  }

  /** The agents of which the clock says something else now than at `beforeMs`. */
  passTo(nowMs: number, beforeMs: number): AgentState[] {
    if (nowMs >= beforeMs && nowMs < this.nextMs) return [];
    const changed = [...this.agents].filter(({ pausedUntilMs }) => pausedUntilMs > nowMs !== pausedUntilMs > beforeMs);
    this.nextMs = Infinity;
    for (const { pausedUntilMs } of this.agents) {
      if (pausedUntilMs > nowMs && pausedUntilMs < this.nextMs) this.nextMs = pausedUntilMs;
    }
    return changed;
  }

  /** Epoch ms; `Infinity` when no pause ends by itself. */
  nextWakeMs(): number {
    return this.agents.size === 0 ? Infinity : this.nextMs;
  }
}
