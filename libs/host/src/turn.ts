import { type HostEvent, redactText } from '@torch/contracts';
import { type AnyCommand, type AnyEvent, type DecisionContext, invariant, type NewEvent, Rejection } from '@torch/kernel';
import { COMMIT_BYTES_MAX, type Consumed, EntryTooLarge, eventId, type RecordedAnswer } from '@torch/log';
import { type AnsweredBefore, answeredKey } from './answered-commands';
import { type Cause, type EncodedEvent, encodeEvent } from './encoded-event';
import type { CommandEnvelope } from './envelope';
import type { Fault } from './incident';
import type { PartitionState } from './partition-state';
import type { Decision, OwnCommand, Turn } from './service';
import type { TouchedProjects } from './touched-projects';
import type { TurnBudget } from './turn-budget';

/** Room that a commit keeps for its header: names, positions, and the answers, which are counted on top. */
export const HEADER_BYTES_MAX = 1024;

/** Bytes of what one command leads to: a commit holds it. */
const UNIT_BYTES_MAX = COMMIT_BYTES_MAX - 2 * HEADER_BYTES_MAX;
/** Bytes of an answer of settling that make a unit; the rest of it is the next one. */
const SETTLED_UNIT_BYTES = 128 * 1024;

/** What one command, reaction, timer or part of settling led to. Never split over two commits. */
export interface Unit {
  /** Each event as the log will hold it. */
  readonly events: readonly string[];
  readonly bytes: number;
  readonly answer?: RecordedAnswer;
  /** The answer as the log will hold it. */
  readonly answerText?: string;
  /** How far the command queue is consumed once this unit is in the log. */
  readonly entry: string;
  readonly commands: number;
}

/** What a command is answered: by a commit of the past, by a unit of this turn, or for now, without keeping it under its id. */
export type Answered = AnsweredBefore | { readonly unit: Unit } | { readonly refused: Rejection };

type Handle<State> = (command: AnyCommand, turn: Turn<State>) => Decision | Promise<Decision>;

export interface TurnOptions<State> {
  readonly partition: number;
  readonly state: PartitionState<State>;
  readonly touched: TouchedProjects;
  readonly nowMs: number;
  readonly newId: () => string;
  /** The rules failed: what becomes of the project. Returns what the host notes about it, for the same unit. */
  readonly onFault: (project: string, fault: Fault, incidentId: string) => readonly NewEvent[];
}

/**
 * One round of an owner: decides everything that has come in against the state in memory, and gathers what is to be
 * appended. The state is ahead of the log until that has happened.
 *
 * Whatever the rules throw that is no refusal stays with the one command, or the one project, that it happened to.
 */
export class OwnerTurn<State> {
  readonly units: Unit[] = [];
  /** Of the units so far. */
  bytes = 0;
  /** Projects in which something has happened in this turn. */
  readonly changed = new Set<string>();
  private readonly unitsByAnswer = new Map<string, Unit>();
  private readonly context: DecisionContext;
  private readonly settlingId: string;
  private cause: Cause | undefined;
  private decided: string[] = [];
  private decidedBytes = 0;
  private place: Pick<Consumed, 'entry' | 'commands'>;

  constructor(private readonly options: TurnOptions<State>) {
    this.context = { nowMs: options.nowMs, newId: options.newId };
    this.settlingId = options.newId();
    const { entry, commands } = options.state.consumed;
    this.place = { entry, commands };
  }

  /** Takes in the next commit of another service; undefined when there is none. */
  drainForeign(): ForeignEvent[] | undefined {
    const { partition, state, touched } = this.options;
    const drained = state.drainNext();
    return drained?.events.map((event, i) => {
      const { position } = drained;
      const id = eventId({ partition, position, index: drained.indexes?.[i] ?? i });
      touched.touch(event.project, id);
      return { event, id, seq: position.seq };
    });
  }

  /** Decides a command from the queue through the service's handler. Returns the answer, which may be an older one. */
  async decideCommand(command: CommandEnvelope, place: Pick<Consumed, 'entry' | 'commands'>, handle: Handle<State>): Promise<Answered> {
    const { state } = this.options;
    this.place = place;
    const key = answeredKey(command.project, command.id);
    const before = state.answered.get(key);
    if (before) return before;
    const unitBefore = this.unitsByAnswer.get(key);
    if (unitBefore) return { unit: unitBefore };
    const { id: causationId, actor, correlationId, traceparent } = command;
    const decision = await this.run({ actor, correlationId, causationId, traceparent }, command, handle, 'command');
    const answer: RecordedAnswer = 'rejection' in decision ? [key, decision.rejection.code, redactText(decision.rejection.message)] : [key];
    return { unit: this.close(answer) as Unit };
  }

  /** Consumes a command that is not decided now; nothing is kept under its id. */
  refuse(place: Pick<Consumed, 'entry' | 'commands'>, refused: Rejection): Answered {
    this.place = place;
    this.units.push({ events: [], bytes: 0, ...place });
    return { refused };
  }

  /**
   * Decides a command of the service's own: from a timer, a reaction or an effect. A refusal is returned, not recorded.
   *
   * @param stage what the command comes from. Where it is a reaction or a timer, a failure of the rules suspends the project.
   */
  async decideOwn(project: string, own: OwnCommand, handle: Handle<State>, stage: 'own-command' | 'reaction' | 'timer'): Promise<Decision> {
    const cause = this.serviceCause(own);
    const decision = await this.run(cause, { type: own.type, project, data: own.data, ...cause }, handle, stage);
    this.close();
    return decision;
  }

  /** Something failed around a project's rules, such as asking for its timers. */
  failed(project: string, fault: Fault): void {
    this.cause = this.serviceCause({});
    this.contain(project, fault);
    this.close();
  }

  /** Appends what the host itself has to say of a project. */
  note(project: string, events: readonly NewEvent[]): void {
    this.cause = this.serviceCause({});
    this.record(project, events);
    this.options.touched.touch(project);
    this.close();
  }

  /**
   * Asks the decider once what follows from the state of a project, and takes it in as far as the budget goes: what is left is asked for
   * again. Returns whether there may be more.
   */
  async settle(project: string, causationId: string | undefined, budget: TurnBudget): Promise<boolean> {
    const { state } = this.options;
    this.cause = this.serviceCause({ correlationId: this.settlingId, causationId });
    try {
      const drafts = state.decider.settle?.(state.state(project), this.context) ?? [];
      for (const draft of drafts) {
        if (!this.take(this.encode(project, draft))) throw state.inDoubt.get(project);
        if (this.decidedBytes < SETTLED_UNIT_BYTES) continue;
        this.close();
        if (budget.spent) return true;
        await budget.giveWay();
      }
      this.close();
      return drafts.length > 0;
    } catch (error) {
      this.close(); // What came before is in the log like any other: the state was evolved by it.
      this.failed(project, { stage: 'settling', error });
      return false;
    }
  }

  /** A turn as the service's handlers see it. */
  forProject(project: string): Turn<State> {
    return new ProjectTurn(project, this.options, this.decide);
  }

  private async run(cause: Cause, command: AnyCommand, handle: Handle<State>, stage: Fault['stage']): Promise<Decision> {
    this.cause = cause;
    const { project } = command;
    this.options.touched.touch(project, cause.causationId);
    try {
      return await handle(command, this.forProject(project));
    } catch (error) {
      if (error instanceof Rejection && this.decided.length === 0) return { rejection: error };
      this.takeBack(project, error);
      return { rejection: this.contain(project, { stage, inputType: command.type, error }) };
    }
  }

  private readonly decide = (command: AnyCommand): Decision => {
    const { project } = command;
    const { state } = this.options;
    let encoded: readonly EncodedEvent[];
    try {
      encoded = this.encodeAll(command, state.decider.decide(state.state(project), command, this.context));
    } catch (error) {
      if (error instanceof Rejection) return { rejection: error };
      throw error;
    }
    for (const event of encoded) if (!this.take(event)) throw state.inDoubt.get(project);
    return { events: encoded.length };
  };

  /** A command has an effect as a whole, or none: what the state has taken in of it already puts the state in doubt. */
  private takeBack(project: string, error: unknown): void {
    if (this.decided.length > 0 && !this.options.state.inDoubt.has(project)) this.options.state.inDoubt.set(project, error);
    this.decided = [];
    this.decidedBytes = 0;
  }

  /** False when the rules could not take it in; then it is no part of the turn. */
  private take({ event, text, bytes }: EncodedEvent): boolean {
    if (!this.options.state.evolve(event)) return false;
    this.changed.add(event.project);
    this.decided.push(text);
    this.decidedBytes += bytes;
    return true;
  }

  private encode(project: string, draft: NewEvent): EncodedEvent {
    invariant(this.cause, 'A decision outside of a turn.');
    return encodeEvent(draft, project, this.cause);
  }

  /** @throws Rejection `too-large` before anything is applied. */
  private encodeAll({ type, project }: AnyCommand, drafts: readonly NewEvent[]): readonly EncodedEvent[] {
    try {
      let total = this.decidedBytes;
      return drafts.map((draft) => {
        const encoded = this.encode(project, draft);
        total += encoded.bytes;
        if (total > UNIT_BYTES_MAX) throw new EntryTooLarge('What one command leads to', total, UNIT_BYTES_MAX);
        return encoded;
      });
    } catch (error) {
      if (error instanceof EntryTooLarge) throw new Rejection('too-large', `${type}: ${error.message}`);
      throw error;
    }
  }

  /** Records an incident, and what the owner makes of it. */
  private contain(project: string, fault: Fault): Rejection {
    const incidentId = this.context.newId();
    this.record(project, this.options.onFault(project, fault, incidentId));
    return new Rejection('internal', `The rules of ${this.options.state.service} failed on this; incident ${incidentId} says where.`);
  }

  /** Takes in what the host itself writes of a project, in the same unit as what is being decided. */
  record(project: string, events: readonly NewEvent[]): void {
    for (const draft of events) {
      const { event, text, bytes } = this.encode(project, draft);
      this.options.state.evolveSuspension(event as HostEvent);
      this.decided.push(text);
      this.decidedBytes += bytes;
    }
  }

  private close(answer?: RecordedAnswer): Unit | undefined {
    if (this.decided.length === 0 && !answer) return undefined;
    const answerText = answer && JSON.stringify(answer);
    const answerBytes = answerText ? Buffer.byteLength(answerText) + 1 : 0;
    const unit: Unit = { events: this.decided, bytes: this.decidedBytes + answerBytes, answer, answerText, ...this.place };
    this.units.push(unit);
    this.bytes += unit.bytes;
    if (answer) this.unitsByAnswer.set(answer[0], unit);
    this.decided = [];
    this.decidedBytes = 0;
    return unit;
  }

  private serviceCause({ correlationId, causationId, traceparent }: Partial<OwnCommand>): Cause {
    return {
      actor: `service:${this.options.state.service}`,
      correlationId: correlationId ?? this.context.newId(),
      causationId,
      traceparent,
    };
  }
}

class ProjectTurn<State> implements Turn<State> {
  constructor(
    readonly project: string,
    private readonly options: TurnOptions<State>,
    readonly decide: Turn<State>['decide'],
  ) {}

  get partition(): number {
    return this.options.partition;
  }

  get nowMs(): number {
    return this.options.nowMs;
  }

  get state(): State {
    return this.options.state.state(this.project);
  }
}

/** Another service's event, its commit's seq, and its id: `<partition>/<seq>-<generation>/<index>`. */
export interface ForeignEvent {
  readonly event: AnyEvent;
  readonly id: string;
  readonly seq: number;
}
