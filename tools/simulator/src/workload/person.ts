import type { ApprovalRequested, Durability } from '@torch/contracts';
import type { AnyEvent, Rejection } from '@torch/kernel';
import type { SeededRandom } from '@torch/testing';
import type { Edge } from '../engine/edge';
import { SimulatedProcess } from '../engine/simulated-process';
import type { VirtualTime } from '../engine/virtual-time';
import { type Act, anyAct, firstActs, lastActs } from './acts';
import { CALM_PROJECT } from './fleet';
import { draftFlood, draftPlan } from './plan.draft';

const BETWEEN_MS = { min: 500, max: 7000 };
/** Of the times that the person of the calm project could act. */
const FLOODS = 0.3;
const LISTEN_AGAIN_MS = 5000;
const ANSWER_MS = { min: 200, max: 8000 };

interface PersonParts {
  readonly project: string;
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  readonly edge: Edge;
  readonly untilMs: number;
}

/** Runs a project: submits, cancels, retries, sets limits, answers questions, and sends what was not answered again. */
export class Person {
  private readonly process: SimulatedProcess;
  private readonly taskIds: string[] = [];
  private readonly runIds: string[] = [];
  private readonly answered = new Set<string>();
  private stopListening: () => void = () => undefined;
  private readonly unanswered = new Set<Promise<unknown>>();
  private messages = 0;
  private isQuiet = false;

  constructor(private readonly parts: PersonParts) {
    this.process = new SimulatedProcess(`${parts.project}-person`, parts.time, parts.random);
  }

  start(): void {
    void this.send({ type: 'CreateProject', data: {} });
    if (this.parts.project !== CALM_PROJECT) for (const act of firstActs()) void this.send(act);
    this.listen();
    this.nextLater();
  }

  /** Takes back what would keep work from ending. */
  async finish(): Promise<void> {
    this.isQuiet = true;
    await Promise.all(this.unanswered); // What is still on its way must not come behind what takes it back.
    if (this.parts.project !== CALM_PROJECT) await Promise.all(lastActs(this.parts.project).map((act) => this.send(act)));
  }

  private nextLater(): void {
    const { time, random, untilMs } = this.parts;
    time.after(random.int(BETWEEN_MS.min, BETWEEN_MS.max), () => {
      if (time.nowMs >= untilMs) return;
      this.act();
      this.nextLater();
    });
  }

  private act(): void {
    const { random, project } = this.parts;
    const { taskIds, runIds } = this;
    const dice = random.next();
    if (project === CALM_PROJECT) return dice < FLOODS ? this.submitFlood() : undefined;
    if (dice < 0.5 || taskIds.length === 0) this.submit();
    else if (dice < 0.6) this.message();
    else void this.send(anyAct({ random, project, nowMs: this.process.nowMs(), taskIds, runIds }));
  }

  private submit(): void {
    const { random, project } = this.parts;
    const runId = `${project}-${this.runIds.length + 1}`;
    const plan = draftPlan({ random, runId, nowMs: this.process.nowMs(), known: this.taskIds });
    this.runIds.push(runId);
    this.taskIds.push(...plan.tasks.map(({ taskId }) => taskId));
    void this.send({ type: 'SubmitRun', data: plan }, random.chance(0.3) ? 'memory' : 'archived');
  }

  /** Plain tasks only, most of them of one key and urgent, so that order alone decides and something has to wait. */
  private submitFlood(): void {
    const { random, project } = this.parts;
    const runId = `${project}-${this.runIds.length + 1}`;
    this.runIds.push(runId);
    void this.send({ type: 'SubmitRun', data: draftFlood(random, runId) }, 'archived');
  }

  private message(): void {
    const { random, project } = this.parts;
    const to = random.pick(['operator', `${project}-ada`, '@developer']);
    void this.send({ type: 'SendMessage', data: { messageId: `${project}-m${++this.messages}`, to, text: 'How is it going?' } });
  }

  /** Hears of questions over one gateway at a time. What nobody hears of runs into its timeout. */
  private listen(): void {
    this.stopListening();
    const gateway = this.parts.edge.choose();
    if (gateway)
      this.stopListening = gateway.listen((event) => {
        if (event.type === 'approval.requested' && event.project === this.parts.project) this.answerLater(event);
      });
    this.process.after(LISTEN_AGAIN_MS, () => this.listen());
  }

  private answerLater({ data }: AnyEvent): void {
    const { random } = this.parts;
    const { approvalId, options } = data as ApprovalRequested;
    if (this.answered.has(approvalId) || (!this.isQuiet && random.chance(0.3))) return;
    this.answered.add(approvalId);
    this.process.after(random.int(ANSWER_MS.min, ANSWER_MS.max), () => {
      void this.send({ type: 'AnswerApproval', data: { approvalId, option: random.pick(options) } });
    });
  }

  private async send({ type, data }: Act, durability: Durability = 'memory'): Promise<'accepted' | 'unknown' | Rejection> {
    const { project, edge } = this.parts;
    const request = { type, project, actor: 'user:person', idempotencyId: this.process.newId(), durability, data };
    const answered = edge.insist(this.process, request);
    this.unanswered.add(answered);
    return answered.finally(() => this.unanswered.delete(answered));
  }
}
