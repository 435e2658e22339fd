import { assertFits, eventContract, redactedData, redactText } from '@torch/contracts';
import {
  type AnyCommand,
  type AnyEvent,
  type DecisionContext,
  invariant,
  InvariantViolation,
  type NewEvent,
  Rejection,
} from '@torch/kernel';
import { COMMIT_BYTES_MAX, type Consumed, EntryTooLarge, EVENT_BYTES_MAX, eventId, type RecordedAnswer } from '@torch/log';
import { type AnsweredBefore, answeredKey } from './answered-commands';
import type { CommandEnvelope } from './envelope';
import type { PartitionState } from './partition-state';
import type { Decision, OwnCommand, Turn } from './service';

/** Room that a commit keeps for its header: names, positions, and the answers, which are counted on top. */
export const HEADER_BYTES_MAX = 1024;

/** Answers of one project's settling in one turn; a decider that has still more to say never comes to rest. */
const SETTLE_ANSWERS_MAX = 100_000;

/** What one command, reaction, timer or settling led to. Never split over two commits. */
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

/** What a command is answered: by a commit of the past, or by a unit of this turn. */
export type Answered = AnsweredBefore | { readonly unit: Unit };

/** Who asks, for the envelope of the events. */
interface Cause {
  readonly actor: string;
  readonly correlationId: string;
  readonly causationId?: string;
  readonly traceparent?: string;
}

export interface TurnOptions<State> {
  readonly partition: number;
  readonly state: PartitionState<State>;
  readonly nowMs: number;
  readonly newId: () => string;
}

/**
 * One round of an owner: decides everything that has come in against the state in memory, and gathers what is to be
 * appended. The state is ahead of the log until that has happened.
 */
export class OwnerTurn<State> {
  readonly units: Unit[] = [];
  /** Of the units so far. */
  bytes = 0;
  /** The one thing that touched each project, by its causation id; undefined when there were several, or it has none. */
  private readonly touches = new Map<string, string | undefined>();
  private readonly unitsByAnswer = new Map<string, Unit>();
  private readonly context: DecisionContext;
  private cause: Cause | undefined;
  private decided: string[] = [];
  private decidedBytes = 0;
  private place: Pick<Consumed, 'entry' | 'commands'>;

  constructor(private readonly options: TurnOptions<State>) {
    this.context = { nowMs: options.nowMs, newId: options.newId };
    const { entry, commands } = options.state.consumed;
    this.place = { entry, commands };
  }

  /** Takes in what other services wrote. */
  drainForeign(): ForeignEvent[] {
    const { partition, state } = this.options;
    return state.drain().flatMap(({ position, events, indexes }) =>
      events.map((event, i) => {
        const id = eventId({ partition, position, index: indexes?.[i] ?? i });
        this.touch(event.project, id);
        return { event, id };
      }),
    );
  }

  /** Projects to settle, and to ask for their timers. */
  get touched(): ReadonlySet<string> {
    return new Set(this.touches.keys());
  }

  readonly touch = (project: string, causationId?: string): void => {
    const first = !this.touches.has(project) || this.touches.get(project) === causationId;
    this.touches.set(project, first ? causationId : undefined);
  };

  /** Decides a command from the queue through the service's handler. Returns the answer, which may be an older one. */
  async decideCommand(
    command: CommandEnvelope,
    place: Pick<Consumed, 'entry' | 'commands'>,
    handle: (command: AnyCommand, turn: Turn<State>) => Decision | Promise<Decision>,
  ): Promise<Answered> {
    const { state } = this.options;
    this.place = place;
    const key = answeredKey(command.project, command.id);
    const before = state.answered.get(key);
    if (before) return before;
    const unitBefore = this.unitsByAnswer.get(key);
    if (unitBefore) return { unit: unitBefore };
    const { id: causationId, actor, correlationId, traceparent } = command;
    const decision = await this.run({ actor, correlationId, causationId, traceparent }, command.project, handle, command);
    const answer: RecordedAnswer = 'rejection' in decision ? [key, decision.rejection.code, redactText(decision.rejection.message)] : [key];
    return { unit: this.close(answer) as Unit };
  }

  /** Decides a command of the service's own: from a timer, a reaction or an effect. A refusal is returned, not recorded. */
  async decideOwn(
    project: string,
    own: OwnCommand,
    handle: (command: AnyCommand, turn: Turn<State>) => Decision | Promise<Decision>,
  ): Promise<Decision> {
    const cause = this.serviceCause(own);
    const decision = await this.run(cause, project, handle, { type: own.type, project, data: own.data, ...cause });
    this.close();
    return decision;
  }

  /** Lets the decider draw its conclusions for every project that this turn touched. */
  settle(): void {
    const { decider } = this.options.state;
    if (!decider.settle) return;
    const correlationId = this.context.newId();
    for (const [project, causationId] of this.touches) {
      this.cause = this.serviceCause({ correlationId, causationId });
      for (let answers = 0; ; answers++) {
        const events = decider.settle(this.options.state.state(project), this.context);
        if (events.length === 0) break;
        invariant(
          answers < SETTLE_ANSWERS_MAX,
          `The decider of ${this.options.state.service} does not come to rest on project ${project}.`,
        );
        for (const event of this.encode(project, events)) this.apply(event);
        this.close();
      }
    }
  }

  /** A turn as the service's handlers see it. */
  forProject(project: string): Turn<State> {
    return new ProjectTurn(project, this.options, this.decide);
  }

  private async run(
    cause: Cause,
    project: string,
    handle: (command: AnyCommand, turn: Turn<State>) => Decision | Promise<Decision>,
    command: AnyCommand,
  ): Promise<Decision> {
    this.cause = cause;
    this.touch(project, cause.causationId);
    return handle(command, this.forProject(project));
  }

  private readonly decide = (command: AnyCommand): Decision => {
    const { state } = this.options;
    try {
      const encoded = this.encode(command.project, state.decider.decide(state.state(command.project), command, this.context));
      for (const event of encoded) this.apply(event);
      return { events: encoded.length };
    } catch (error) {
      return { rejection: asRejection(error, command) };
    }
  };

  private apply({ event, text, bytes }: EncodedEvent): void {
    this.options.state.evolve(event);
    this.decided.push(text);
    this.decidedBytes += bytes;
  }

  /** @throws EntryTooLarge before anything is applied. */
  private encode(project: string, drafts: readonly NewEvent[]): EncodedEvent[] {
    invariant(this.cause, 'A decision outside of a turn.');
    let total = this.decidedBytes;
    return drafts.map((draft) => {
      const event = complete(draft, project, this.cause as Cause);
      const text = JSON.stringify(event);
      const bytes = Buffer.byteLength(text) + 1;
      if (bytes > EVENT_BYTES_MAX) throw new EntryTooLarge(`Event ${event.type} of ${event.subject}`, bytes, EVENT_BYTES_MAX);
      total += bytes;
      if (total > COMMIT_BYTES_MAX - 2 * HEADER_BYTES_MAX)
        throw new EntryTooLarge('What one command leads to', total, COMMIT_BYTES_MAX - 2 * HEADER_BYTES_MAX);
      return { event, text, bytes };
    });
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

/** Another service's event, and its id: `<partition>/<seq>-<generation>/<index>`. */
export interface ForeignEvent {
  readonly event: AnyEvent;
  readonly id: string;
}

interface EncodedEvent {
  readonly event: AnyEvent;
  readonly text: string;
  readonly bytes: number;
}

function complete(draft: NewEvent, project: string, cause: Cause): AnyEvent {
  const contract = eventContract(draft.type);
  if (!contract) throw new InvariantViolation(`No contract for event ${draft.type}.`);
  assertFits(contract.data, draft.data, `Event ${draft.type} of ${draft.subject}`);
  return {
    type: draft.type,
    v: contract.v,
    subject: draft.subject,
    project,
    actor: cause.actor,
    correlationId: draft.correlationId ?? cause.correlationId,
    causationId: cause.causationId,
    traceparent: draft.traceparent ?? cause.traceparent,
    data: redactedData(contract.data, draft.data), // Whatever way a text came: no secret is appended.
  };
}

/** What a decider may refuse with. Anything else is a bug, and whoever runs the turn must stop. */
function asRejection(error: unknown, { type }: AnyCommand): Rejection {
  if (error instanceof Rejection) return error;
  if (error instanceof EntryTooLarge) return new Rejection('too-large', `${type}: ${error.message}`);
  throw error;
}
