import { type AnyEvent, describeThrown, type NewEvent } from '@torch/kernel';
import { decodeCommit, eventId, type LogEntry, LogUnavailable } from '@torch/log';
import type { HostLogger } from './host.ports';
import { type Fault, incidentOf } from './incident';
import type { PartitionClock } from './partition-clock';
import type { PartitionState } from './partition-state';
import { ProjectRebuild, readBehind, type RebuildParts, type Through } from './project-rebuild';
import type { TurnBudget } from './turn-budget';
import type { ForeignEvent, OwnerTurn } from './turn';

interface RecoveryParts<State> extends RebuildParts<State> {
  readonly state: PartitionState<State>;
  readonly time: PartitionClock;
  readonly log: HostLogger;
  readonly wake: () => void;
  /** Makes up for a reaction that was missed. */
  readonly react: (turn: OwnerTurn<State>, event: ForeignEvent) => Promise<void>;
}

/** Stages whose work cannot be refused and put aside: what failed there would fail again in each turn. */
const SUSPENDING: ReadonlySet<Fault['stage']> = new Set(['reaction', 'timer', 'settling', 'evolving', 'release'] as const);

/**
 * What an owner does with projects whose rules fail: it takes them out of service, builds their state again from snapshot and log, makes up
 * for the reactions that they missed, and lets them in again; or quarantines them, when the rules fail again. All others go on meanwhile.
 */
export class ProjectRecoveries<State> {
  private readonly rebuilds = new Map<string, ProjectRebuild<State>>();
  /** How far the reactions of a project whose state is good again have been made up for. */
  private readonly madeUpThrough = new Map<string, number>();
  private readonly releasedAtMs = new Map<string, number>();
  /** Seq of the commit that is being reacted to. */
  reactingTo: number | undefined;

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
    const suspendedFromSeq = before?.fromSeq ?? this.reactingTo ?? state.foreignSeq + 1;
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
      if (rebuild ? rebuild.ready : !quarantined) return true;
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
    for (const [project, { quarantined }] of [...state.suspensions]) {
      await budget.giveWay();
      if (!(await this.rebuilt(turn, project)) || quarantined) continue;
      await this.makeUp(turn, project, budget);
    }
  }

  stop(): void {
    for (const rebuild of this.rebuilds.values()) rebuild.abandon();
  }

  /** Whether the state of the project is that of the log. */
  private async rebuilt(turn: OwnerTurn<State>, project: string): Promise<boolean> {
    const { state } = this.parts;
    const rebuild = this.rebuilds.get(project);
    if (!rebuild) return !state.inDoubt.has(project);
    if (!rebuild.ready) return false;
    try {
      const found = await rebuild.finish(through(state));
      if (!found) return false;
      state.adopt(project, found);
      this.rebuilds.delete(project);
      return true;
    } catch (error) {
      if (error instanceof LogUnavailable) return false; // The next turn tries again.
      this.rebuilds.delete(project);
      if (state.suspensions.get(project)?.quarantined) state.inDoubt.set(project, error);
      else turn.failed(project, { stage: 'release', error });
      return false;
    }
  }

  /** Reactions to what other services did meanwhile; then the project is in service again. */
  private async makeUp(turn: OwnerTurn<State>, project: string, budget: TurnBudget): Promise<void> {
    const { state, definition, time, config } = this.parts;
    const { fromSeq = 1 } = state.suspensions.get(project) ?? {};
    let throughSeq = this.madeUpThrough.get(project) ?? fromSeq - 1;
    while (definition.reactions.size > 0 && throughSeq < state.foreignSeq) {
      this.madeUpThrough.set(project, throughSeq);
      if (budget.spent) return;
      const entries = await this.read(throughSeq, Math.min(config.readEntriesMax, state.foreignSeq - throughSeq));
      if (!entries) return; // The next turn tries again.
      if (entries.length === 0) break;
      for (const entry of entries) {
        for (const event of this.missed(project, decodeCommit(entry, this.reactsTo))) {
          await this.parts.react(turn, event);
          if (state.inDoubt.has(project)) return; // It is quarantined.
        }
        throughSeq = entry.position.seq;
        await budget.giveWay();
      }
    }
    this.madeUpThrough.delete(project);
    this.releasedAtMs.set(project, time.nowMs());
    const { service } = definition;
    turn.note(project, [{ type: 'project.released', subject: `project/${project}`, data: { service, releasedAtMs: time.nowMs() } }]);
    this.parts.log.info(`${service} decides for project ${project} again.`);
  }

  /** Undefined while the log server cannot be reached: a turn that has begun has to end. */
  private async read(afterSeq: number, limit: number): Promise<readonly LogEntry[] | undefined> {
    try {
      return await readBehind(this.parts, afterSeq, limit);
    } catch (error) {
      if (error instanceof LogUnavailable) return undefined;
      throw error;
    }
  }

  private readonly reactsTo = (type: string, service: string): boolean =>
    service !== this.parts.definition.service && this.parts.definition.reactions.has(type);

  private missed(project: string, { position, events, indexes }: ReturnType<typeof decodeCommit>): ForeignEvent[] {
    const { partition } = this.parts;
    return events.flatMap((event: AnyEvent, i) => {
      const id = eventId({ partition, position, index: indexes?.[i] ?? i });
      return event.project === project ? [{ event, id, seq: position.seq }] : [];
    });
  }

  private startAgain(project: string): void {
    const { state, wake } = this.parts;
    this.rebuilds.get(project)?.abandon();
    this.madeUpThrough.delete(project);
    const rebuild = new ProjectRebuild<State>(this.parts, project, wake);
    this.rebuilds.set(project, rebuild);
    rebuild.start(through(state));
  }
}

const through = ({ ownSeq, foreignSeq }: Through): Through => ({ ownSeq, foreignSeq });
