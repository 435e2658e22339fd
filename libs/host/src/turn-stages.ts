import { type AnyCommand, Rejection } from '@torch/kernel';
import type { LogEntry } from '@torch/log';
import { answeredKey } from './answered-commands';
import type { CommandBacklog, WaitingCommand } from './command-backlog';
import type { HostLogger, HostTracing } from './host.ports';
import type { OwnCommands } from './own-commands';
import type { PartitionClock } from './partition-clock';
import type { PartitionState } from './partition-state';
import { ProjectRecoveries } from './project-recoveries';
import type { RebuildParts } from './project-rebuild';
import type { Decision, OwnCommand, ServiceDefinition } from './service';
import { quarantined } from './suspension';
import type { Timers } from './timers';
import { TouchedProjects } from './touched-projects';
import { type Answered, type ForeignEvent, OwnerTurn } from './turn';
import { TurnBudget } from './turn-budget';

/** Parts of a turn's budget; settling has what the others leave, and never less than a quarter. */
const SHARES = { recoveries: 1 / 8, foreign: 1 / 4, commands: 1 / 4, own: 1 / 16, timers: 1 / 16, settling: 1 } as const;
/** Events of other services after which no further commit of theirs is taken in by a turn, which reacts to each that it has taken in. */
const REACTIONS_MAX = 250;
/** Bytes that one project's settling says in a row; a decider that has still more to say never comes to rest. */
const SETTLED_BYTES_MAX = 512 * 1024 * 1024;

export interface AnsweredCommand {
  readonly id: string;
  readonly replyTo: string | undefined;
  readonly answered: Answered;
}

/** What a turn has decided, to be appended and answered. */
export interface DecidedTurn<State> {
  readonly turn: OwnerTurn<State>;
  readonly answered: readonly AnsweredCommand[];
}

/** What an owner decides by. */
export interface DecidingParts<State> extends RebuildParts<State> {
  readonly time: PartitionClock;
  readonly log: HostLogger;
  readonly tracing: HostTracing;
  readonly newId: () => string;
  readonly state: PartitionState<State>;
}

interface StagesParts<State> extends DecidingParts<State> {
  readonly backlog: CommandBacklog;
  readonly ownCommands: OwnCommands;
  readonly timers: Timers<State>;
  readonly wake: () => void;
}

/**
 * What an owner decides in one turn, stage by stage, within one budget: what other services did, commands, its own commands, timers,
 * and what follows from all of them. What does not fit goes on in the next turn, in order.
 */
export class TurnStages<State> {
  readonly recoveries: ProjectRecoveries<State>;
  private readonly touched = new TouchedProjects();
  private readonly handleCommand: ServiceDefinition<State>['handleCommand'];
  /** Of projects that are being settled over several turns: bytes in a row. */
  private readonly settledBytes = new Map<string, number>();

  constructor(private readonly parts: StagesParts<State>) {
    this.handleCommand = parts.definition.handleCommand.bind(parts.definition);
    this.recoveries = new ProjectRecoveries({ ...parts, react: (turn, event, budget) => this.react(turn, event, budget) });
    for (const project of parts.state.projectNames()) this.touched.touch(project); // The first turn looks at each.
  }

  /** True when there is something to decide, whether or not anything new has come in. */
  get due(): boolean {
    const { state, backlog, ownCommands, timers } = this.parts;
    return backlog.size > 0 || ownCommands.size > 0 || this.touched.size > 0 || state.hasPending || timers.due() || this.recoveries.due;
  }

  /**
   * @param entries what others have appended
   * @param takesCommands whether the log has been read to its end: commands are decided behind what was in it when they were sent
   */
  async run(entries: readonly LogEntry[], takesCommands: boolean): Promise<DecidedTurn<State>> {
    const { state, time, config, clock, newId, partition } = this.parts;
    for (const entry of entries) state.takeIn(entry);
    time.notBefore(state.recordedAtMs);
    const { onFault } = this.recoveries;
    const turn = new OwnerTurn<State>({ partition, state, touched: this.touched, nowMs: time.nowMs(), newId, onFault });
    const budget = new TurnBudget(clock, config, () => turn.bytes);
    budget.stage(SHARES.foreign);
    const reactedTo = await this.takeInForeign(turn, budget);
    budget.stage(SHARES.recoveries);
    await this.recoveries.advance(turn, budget);
    await this.reactTo(turn, reactedTo, budget);
    budget.stage(SHARES.commands);
    const answered = takesCommands && !state.hasPending ? await this.decideQueued(turn, budget) : [];
    budget.stage(SHARES.own);
    await this.decideOwnCommands(turn, budget);
    budget.stage(SHARES.timers);
    await this.decideTimers(turn, budget);
    budget.stage(SHARES.settling);
    await this.settle(turn, budget);
    return { turn, answered };
  }

  private isOut(project: string): boolean {
    const { suspensions, inDoubt } = this.parts.state;
    return (suspensions.size > 0 && suspensions.has(project)) || (inDoubt.size > 0 && inDoubt.has(project));
  }

  /**
   * All of it before the service's own events, as a replay does; so whatever is taken in is reacted to in the same turn. Returns what
   * is to be reacted to.
   */
  private async takeInForeign(turn: OwnerTurn<State>, budget: TurnBudget): Promise<readonly ForeignEvent[]> {
    const { state, definition } = this.parts;
    const reactedTo: ForeignEvent[] = [];
    do {
      const events = turn.drainForeign();
      if (!events) break;
      for (const event of events) {
        const { project, type } = event.event;
        const { toReactTo } = this.recoveries;
        const isReactedTo = definition.reactions.has(type);
        if (state.inDoubt.size > 0 && state.inDoubt.has(project) && !state.suspensions.has(project)) {
          if (!toReactTo.has(project)) toReactTo.set(project, event.seq);
          turn.failed(project, { stage: 'evolving', inputType: type, error: state.inDoubt.get(project) });
        }
        if (!isReactedTo || this.isOut(project)) continue;
        if (!toReactTo.has(project)) toReactTo.set(project, event.seq);
        reactedTo.push(event);
      }
      await budget.giveWay();
    } while (!budget.spent && reactedTo.length < REACTIONS_MAX);
    return reactedTo;
  }

  private async reactTo(turn: OwnerTurn<State>, events: readonly ForeignEvent[], budget: TurnBudget): Promise<void> {
    const { toReactTo } = this.recoveries;
    for (const event of events) {
      const { project } = event.event;
      toReactTo.set(project, event.seq);
      if (!this.isOut(project)) await this.react(turn, event, budget);
      await budget.giveWay();
    }
    toReactTo.clear();
  }

  private async react(turn: OwnerTurn<State>, { event, id }: ForeignEvent, budget: TurnBudget): Promise<void> {
    const reaction = this.parts.definition.reactions.get(event.type);
    if (!reaction) return;
    const { project } = event;
    let commands: readonly OwnCommand[];
    try {
      commands = await reaction(event, turn.forProject(project));
    } catch (error) {
      turn.failed(project, { stage: 'reaction', inputType: event.type, error });
      return;
    }
    const inherited = { correlationId: event.correlationId, causationId: id, traceparent: event.traceparent };
    for (const command of commands) {
      await this.decideOwn(turn, project, { ...inherited, ...command }, 'reaction');
      await budget.giveWay();
    }
  }

  /** As many commands as one turn takes; the others have theirs next. */
  private async decideQueued(turn: OwnerTurn<State>, budget: TurnBudget): Promise<AnsweredCommand[]> {
    const { config, backlog } = this.parts;
    const answered: AnsweredCommand[] = [];
    while (answered.length < config.turnCommandsMax && (answered.length === 0 || !budget.spent)) {
      const waiting = backlog.take();
      if (!waiting) break;
      const { command } = waiting;
      answered.push({
        id: answeredKey(command.project, command.id),
        replyTo: command.replyTo,
        answered: await this.decideWaiting(turn, waiting),
      });
      await budget.giveWay();
    }
    return answered;
  }

  private async decideWaiting(turn: OwnerTurn<State>, { command, place, handle }: WaitingCommand): Promise<Answered> {
    const { tracing, definition, state } = this.parts;
    const { type, project, id } = command;
    if (type === 'ReleaseProject' && !handle) return turn.decideCommand(command, place, (asked) => this.release(turn, asked));
    if (this.isOut(project) && !state.answered.get(answeredKey(project, id)))
      return turn.refuse(place, quarantined(project, definition.service));
    return tracing.command(command, (traced) => turn.decideCommand(traced, place, handle ?? this.handleCommand));
  }

  private release(turn: OwnerTurn<State>, { project }: AnyCommand): Decision {
    const { state, definition, time } = this.parts;
    const { service } = definition;
    if (!state.suspensions.get(project)?.quarantined)
      return { rejection: new Rejection('not-quarantined', `${service} has not quarantined project "${project}".`) };
    const data = { service, requestedAtMs: time.nowMs() };
    turn.record(project, [{ type: 'project.release-requested', subject: `project/${project}`, data }]);
    this.recoveries.requested(project);
    return { events: 1 };
  }

  private async decideOwnCommands(turn: OwnerTurn<State>, budget: TurnBudget): Promise<void> {
    const { ownCommands, definition } = this.parts;
    do {
      const waiting = ownCommands.take();
      if (!waiting) return;
      const { project, command, dropped } = waiting;
      if (this.isOut(project)) dropped(quarantined(project, definition.service));
      else await this.decideOwn(turn, project, command, 'own-command');
      await budget.giveWay();
    } while (!budget.spent);
  }

  private async decideTimers(turn: OwnerTurn<State>, budget: TurnBudget): Promise<void> {
    const { timers } = this.parts;
    let isFirst = true;
    for (let due = timers.takeDue(); due; due = timers.takeDue()) {
      const { project, causationId } = due;
      if (this.isOut(project)) continue;
      this.touched.touch(project, causationId);
      try {
        for (const command of timers.commandsOf(project)) {
          if (!isFirst && budget.spent) return;
          isFirst = false;
          await this.decideOwn(turn, project, { causationId, ...command }, 'timer');
          if (this.isOut(project)) break;
          await budget.giveWay();
        }
      } catch (error) {
        turn.failed(project, { stage: 'timer', error });
      }
      if (budget.spent) return;
    }
  }

  private async decideOwn(
    turn: OwnerTurn<State>,
    project: string,
    command: OwnCommand,
    stage: 'own-command' | 'reaction' | 'timer',
  ): Promise<void> {
    const { definition, log } = this.parts;
    const decision = await turn.decideOwn(project, command, this.handleCommand, stage);
    if ('rejection' in decision)
      log.debug(`${definition.service} refused its own ${command.type}: ${decision.rejection.message}`, { code: decision.rejection.code });
  }

  /** Lets the decider draw its conclusions for every project that was touched, one answer each in turn. */
  private async settle(turn: OwnerTurn<State>, budget: TurnBudget): Promise<void> {
    const { touched } = this;
    for (let next = touched.next(); next; next = touched.next()) {
      const { project, causationId } = next;
      const before = turn.bytes;
      if (this.isOut(project)) this.settled(turn, project);
      else if (await turn.settle(project, causationId, budget)) this.unsettled(turn, project, turn.bytes - before);
      else this.settled(turn, project);
      await budget.giveWay();
      if (budget.spent) return;
    }
  }

  private unsettled(turn: OwnerTurn<State>, project: string, bytes: number): void {
    const settled = (this.settledBytes.get(project) ?? 0) + bytes;
    this.settledBytes.set(project, settled);
    if (settled > SETTLED_BYTES_MAX)
      turn.failed(project, { stage: 'settling', error: new Error(`The decider does not come to rest after ${settled} bytes of events.`) });
    this.touched.putBack(project);
  }

  private settled(turn: OwnerTurn<State>, project: string): void {
    const { timers } = this.parts;
    this.touched.done(project);
    this.settledBytes.delete(project);
    if (this.isOut(project)) return timers.forget(project);
    try {
      timers.update(project, turn.changed.has(project));
    } catch (error) {
      turn.failed(project, { stage: 'timer', error });
    }
  }
}
