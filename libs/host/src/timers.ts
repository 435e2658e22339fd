import type { HostClock } from './host.clock';
import type { PartitionState } from './partition-state';
import type { OwnCommand } from './service';

/** Pause before a project is asked again whose timer is due but led to nothing. */
const FUTILE_TIMER_PAUSE_MS = 100;
/** Commands of one project's timers at a time. */
const DUE_MAX = 1000;

/** When the decider of each project wants to be asked next: timers are inputs, not interruptions. */
export class Timers<State> {
  private readonly dueAtMs = new Map<string, number>();
  private earliestMs = Infinity;

  constructor(
    private readonly state: PartitionState<State>,
    private readonly clock: HostClock,
  ) {}

  due(): boolean {
    return this.earliestMs <= this.clock.nowMs();
  }

  msUntilDue(): number {
    return Math.max(0, Math.ceil(this.earliestMs - this.clock.nowMs()));
  }

  /** The commands whose time has come. Their projects are touched, so that they are settled. */
  takeDue(touch: (project: string, causationId: string) => void): { readonly project: string; readonly command: OwnCommand }[] {
    const nowMs = this.clock.nowMs();
    if (this.earliestMs > nowMs) return [];
    const { decider } = this.state;
    return [...this.dueAtMs].flatMap(([project, dueAtMs]) => {
      if (dueAtMs > nowMs) return [];
      const state = this.state.state(project);
      // A timer that was overdue already when it was looked at is asked later than it was set for.
      const causationId = `timer:${decider.dueAtMs?.(state) ?? dueAtMs}`;
      touch(project, causationId);
      return (decider.due?.(state, { nowMs, leaseNowMs: nowMs, max: DUE_MAX }) ?? []).map((command) => ({
        project,
        command: { causationId, ...command },
      }));
    });
  }

  /** Asks again for the projects that a turn touched. */
  update(touched: ReadonlySet<string>): void {
    const { decider } = this.state;
    if (!decider.dueAtMs) return;
    const nowMs = this.clock.nowMs();
    for (const project of touched) {
      const dueAtMs = decider.dueAtMs(this.state.state(project));
      if (dueAtMs === Infinity) this.dueAtMs.delete(project);
      else this.dueAtMs.set(project, dueAtMs <= nowMs ? nowMs + FUTILE_TIMER_PAUSE_MS : dueAtMs);
    }
    this.earliestMs = Infinity;
    for (const dueAtMs of this.dueAtMs.values()) if (dueAtMs < this.earliestMs) this.earliestMs = dueAtMs;
  }
}
