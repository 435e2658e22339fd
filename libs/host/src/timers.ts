import { OrderedSet } from '@torch/kernel';
import type { HostConfig } from './host.config';
import type { PartitionClock } from './partition-clock';
import type { PartitionState } from './partition-state';
import type { OwnCommand } from './service';

/** Pause before a project is asked again whose timer is due but led to nothing. */
const FUTILE_TIMER_PAUSE_MS = 100;

interface Timer {
  readonly project: string;
  readonly dueAtMs: number;
  /** What the decider had said, which may have been over already. */
  readonly setForMs: number;
}

/** When the decider of each project wants to be asked next: timers are inputs, not interruptions. */
export class Timers<State> {
  private readonly timers = new Map<string, Timer>();
  private readonly order = new OrderedSet<Timer>((a, b) => a.dueAtMs < b.dueAtMs || (a.dueAtMs === b.dueAtMs && a.project < b.project));
  private readonly ownedSinceMs: number;
  /** The last time that the owner before is known to have been there. */
  private readonly ownedBeforeMs: number;

  constructor(
    private readonly state: PartitionState<State>,
    private readonly time: PartitionClock,
    private readonly config: Pick<HostConfig, 'timersAtOnceMax' | 'leaseGraceMs'>,
  ) {
    this.ownedSinceMs = time.nowMs();
    this.ownedBeforeMs = state.recordedAtMs;
  }

  due(): boolean {
    return this.msUntilDue() === 0;
  }

  msUntilDue(): number {
    const first = this.order.first();
    return first ? Math.max(0, Math.ceil(first.dueAtMs - this.time.nowMs())) : Infinity;
  }

  /** The next project whose time has come. It is to be settled, which sets its timer anew. */
  takeDue(): { readonly project: string; readonly causationId: string } | undefined {
    const first = this.order.first();
    if (!first || first.dueAtMs > this.time.nowMs()) return undefined;
    this.forget(first.project);
    return { project: first.project, causationId: `timer:${first.setForMs}` };
  }

  /** The commands of a project whose time has come, a limited number at a time. */
  commandsOf(project: string): readonly OwnCommand[] {
    const { decider } = this.state;
    const nowMs = this.time.nowMs();
    const { timersAtOnceMax, leaseGraceMs } = this.config;
    // What was leased while nobody was the owner could not be renewed: whoever holds it is heard first.
    const leaseNowMs = nowMs < this.ownedSinceMs + leaseGraceMs ? Math.min(nowMs, this.ownedBeforeMs) : nowMs;
    return decider.due?.(this.state.state(project), { nowMs, leaseNowMs, max: timersAtOnceMax }) ?? [];
  }

  /** @param isNews whether anything has happened in the project since it was asked last: otherwise what is due leads to nothing now. */
  update(project: string, isNews: boolean): void {
    const { decider } = this.state;
    if (!decider.dueAtMs) return;
    const setForMs = decider.dueAtMs(this.state.state(project));
    if (setForMs === Infinity) return this.forget(project);
    const nowMs = this.time.nowMs();
    // What is overdue goes behind what others have had due since: nobody's many timers keep another's waiting.
    const dueAtMs = setForMs > nowMs ? setForMs : isNews ? nowMs : nowMs + FUTILE_TIMER_PAUSE_MS;
    if (this.timers.get(project)?.dueAtMs === dueAtMs) return;
    this.forget(project);
    const timer = { project, dueAtMs, setForMs };
    this.timers.set(project, timer);
    this.order.add(timer);
  }

  forget(project: string): void {
    const timer = this.timers.get(project);
    if (timer) this.order.delete(timer);
    this.timers.delete(project);
  }
}
