import { describeThrown, type NewEvent } from '@torch/kernel';
import { LogUnavailable } from '@torch/log';
import type { HostLogger } from './host.ports';
import { type Fault, incidentOf } from './incident';
import { MissedReactions } from './missed-reactions';
import type { PartitionClock } from './partition-clock';
import type { PartitionState } from './partition-state';
import { ProjectRebuild, type RebuildParts, type Through } from './project-rebuild';
import type { TurnBudget } from './turn-budget';
import type { ForeignEvent, OwnerTurn } from './turn';

interface RecoveryParts<State> extends RebuildParts<State> {
  readonly state: PartitionState<State>;
  readonly time: PartitionClock;
  readonly log: HostLogger;
  readonly wake: () => void;
  /** Makes up for a reaction that was missed. */
  readonly react: (turn: OwnerTurn<State>, event: ForeignEvent, budget: TurnBudget) => Promise<void>;
}

/** Projects whose states are built at the same time; the others wait, so that many failures cost the healthy projects no more than few. */
const REBUILDS_AT_ONCE = 2;

/** Stages whose work cannot be refused and put aside: what failed there would fail again in each turn. */
const SUSPENDING: ReadonlySet<Fault['stage']> = new Set(['reaction', 'timer', 'settling', 'evolving', 'release'] as const);

/**
 * What an owner does with projects whose rules fail: it takes them out of service, builds their state again from snapshot and log, makes up
 * for the reactions that they missed, and lets them in again; or quarantines them, when the rules fail again. All others go on meanwhile.
 */
export class ProjectRecoveries<State> {
  private readonly rebuilds = new Map<string, ProjectRebuild<State>>();
  private readonly missed = new Map<string, MissedReactions<State>>();
  private readonly releasedAtMs = new Map<string, number>();
  /** Of what a turn has taken in: the seq of the first commit that a project has still to react to. */
  readonly toReactTo = new Map<string, number>();

  constructor(private readonly parts: RecoveryParts<State>) {}

  /** See `TurnOptions.onFault`. */
  readonly onFault = (project: string, fault: Fault, incidentId: string): readonly NewEvent[] => {
    const { state, time, log, definition, config } = this.parts;
    const { service } = definition;
    const nowMs = time.nowMs();
    const { stage, inputType, error } = fault;
    log.error(`The rules of ${service} failed for project ${project}.`, { incidentId, stage, inputType, error: describeThrown(error) });
    const incident = { ...incidentOf(fault, service), incidentId, recordedAtMs: nowMs };
    const subject = `incident/${incidentId}`;
    if (!SUSPENDING.has(stage) && !state.inDoubt.has(project)) return [{ type: 'incident.recorded', subject, data: incident }];
    const before = state.suspensions.get(project);
    const suspendedFromSeq = before?.fromSeq ?? this.toReactTo.get(project) ?? state.foreignSeq + 1;
    const failedAgain = before !== undefined || nowMs - (this.releasedAtMs.get(project) ?? -Infinity) < config.faultProbationMs;
    state.inDoubt.set(project, error);
    this.startAgain(project);
    const suspended = { type: 'incident.recorded', subject, data: { ...incident, suspendedFromSeq } };
    if (!failedAgain) return [suspended];
    log.error(`Project ${project} is quarantined by ${service}.`, { incidentId });
    return [
      suspended,
      { type: 'project.quarantined', subject: `project/${project}`, data: { service, incidentId, quarantinedAtMs: nowMs } },
    ];
  };

  /** True when a turn has something to do here. */
  get due(): boolean {
    for (const [project, { quarantined }] of this.parts.state.suspensions) {
      const rebuild = this.rebuilds.get(project);
      if (rebuild ? rebuild.ready : !quarantined && (this.missed.get(project)?.ready ?? true)) return true;
    }
    return false;
  }

  /** While one is under way, the state is no snapshot's. */
  get underWay(): boolean {
    return this.rebuilds.size > 0 || [...this.parts.state.suspensions.values()].some(({ quarantined }) => !quarantined);
  }

  /** Somebody asks for another try. What the state of the project was made of is read anew, by the rules of this build. */
  requested(project: string): void {
    this.startAgain(project);
  }

  /** The part of a turn that recovers projects, as far as the budget goes. */
  async advance(turn: OwnerTurn<State>, budget: TurnBudget): Promise<void> {
    const { state } = this.parts;
    for (const project of [...state.inDoubt.keys()]) {
      if (state.suspensions.has(project)) continue;
      turn.failed(project, { stage: 'evolving', error: state.inDoubt.get(project) });
    }
    for (const project of [...state.suspensions.keys()]) {
      try {
        await this.recover(turn, project, budget);
      } catch (error) {
        // What keeps one project from being recovered is that project's trouble.
        if (state.suspensions.get(project)?.quarantined) state.inDoubt.set(project, error);
        else turn.failed(project, { stage: 'release', error });
      }
      await budget.giveWay();
      if (budget.spent) return;
    }
  }

  stop(): void {
    for (const work of [...this.rebuilds.values(), ...this.missed.values()]) work.abandon();
  }

  private async recover(turn: OwnerTurn<State>, project: string, budget: TurnBudget): Promise<void> {
    if (!(await this.isRebuilt(project)) || this.parts.state.suspensions.get(project)?.quarantined) return;
    if (await this.isMadeUp(turn, project, budget)) this.release(turn, project);
  }

  /** Whether the state of the project is that of the log. @throws whatever building it failed by. */
  private async isRebuilt(project: string): Promise<boolean> {
    const { state } = this.parts;
    const rebuild = this.rebuilds.get(project);
    if (!rebuild) return !state.inDoubt.has(project);
    if (!rebuild.ready) return false;
    try {
      const found = await rebuild.finish(through(state));
      if (!found) return false;
      state.adopt(project, found);
    } catch (error) {
      if (error instanceof LogUnavailable) return false; // The next turn tries again.
      this.endRebuild(project);
      throw error;
    }
    this.endRebuild(project);
    return true;
  }

  /** Reactions to what other services did meanwhile, as far as they have been read. */
  private async isMadeUp(turn: OwnerTurn<State>, project: string, budget: TurnBudget): Promise<boolean> {
    const { state, wake, react } = this.parts;
    const { fromSeq = 1 } = state.suspensions.get(project) ?? {};
    let missed = this.missed.get(project);
    if (!missed) this.missed.set(project, (missed = new MissedReactions(this.parts, project, fromSeq - 1, wake)));
    if (!missed.ready) return false;
    do {
      const event = missed.take();
      if (!event) {
        if (await missed.isOverAt(state.foreignSeq)) return true;
        if (!missed.ready) return false;
        continue;
      }
      await react(turn, event, budget);
      if (state.inDoubt.has(project)) return false; // It has failed again.
      await budget.giveWay();
    } while (!budget.spent);
    return false;
  }

  private release(turn: OwnerTurn<State>, project: string): void {
    const { definition, time, log } = this.parts;
    const { service } = definition;
    this.missed.delete(project);
    this.releasedAtMs.set(project, time.nowMs());
    turn.note(project, [{ type: 'project.released', subject: `project/${project}`, data: { service, releasedAtMs: time.nowMs() } }]);
    log.info(`${service} decides for project ${project} again.`);
  }

  private startAgain(project: string): void {
    this.rebuilds.get(project)?.abandon();
    this.missed.get(project)?.abandon();
    this.missed.delete(project);
    this.rebuilds.delete(project);
    this.rebuilds.set(project, new ProjectRebuild<State>(this.parts, project, this.parts.wake));
    this.startNext();
  }

  private endRebuild(project: string): void {
    this.rebuilds.delete(project);
    this.startNext();
  }

  private startNext(): void {
    for (const rebuild of [...this.rebuilds.values()].slice(0, REBUILDS_AT_ONCE)) {
      if (!rebuild.isStarted) rebuild.start(through(this.parts.state));
    }
  }
}

const through = ({ ownSeq, foreignSeq }: Through): Through => ({ ownSeq, foreignSeq });
