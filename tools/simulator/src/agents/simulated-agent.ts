import type { TaskList } from '@torch/contracts';
import type { AnyEvent } from '@torch/kernel';
import type { SeededRandom } from '@torch/testing';
import type { Edge } from '../engine/edge';
import { SimulatedProcess } from '../engine/simulated-process';
import type { VirtualTime } from '../engine/virtual-time';
import type { Gateway } from '../services/gateway';
import { Attempt, type Held } from './attempt';
import type { Habit } from './habits';

export interface AgentProfile {
  readonly agentId: string;
  readonly project: string;
  readonly role: string;
  readonly skills: readonly string[];
  readonly capacity: number;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface AgentWorld {
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  readonly edge: Edge;
  /** How the next attempt goes. */
  readonly habit: (agent: AgentProfile) => Habit;
}

const HEARTBEAT_MS = 3000;
const LOOK_MS = { min: 4000, max: 9000 };
const RESTART_MS = { min: 500, max: 20_000 };

/** One agent over all of its lives: each start is another instance. */
export class SimulatedAgent {
  process!: SimulatedProcess;
  private lives = 0;
  private readonly attempts = new Map<string, Attempt>();
  private stopListening: () => void = () => undefined;

  constructor(
    readonly profile: AgentProfile,
    private readonly world: AgentWorld,
  ) {}

  get instance(): string {
    return this.process.name;
  }

  start(): void {
    const { time, random } = this.world;
    this.process = new SimulatedProcess(`${this.profile.agentId}.${++this.lives}`, time, random);
    this.attempts.clear();
    const { process } = this;
    void this.register().then(() => {
      this.beat(process);
      this.look(process);
    });
  }

  /** The process ends at once, whatever it was doing, and is started again later. */
  crash(restartMs = this.world.random.int(RESTART_MS.min, RESTART_MS.max)): void {
    this.process.kill();
    this.stopListening();
    this.world.time.after(restartMs, () => this.start());
  }

  /** Somebody has found that it does not do what it should. */
  restartIfStuck(): void {
    if ([...this.attempts.values()].some(({ isFaulty }) => isFaulty)) this.crash(RESTART_MS.min);
  }

  /** Under a fresh id unless one is given: that of a request that may have been lost. */
  async tell(type: string, data: object, triesMax = 20, idempotencyId = this.process.newId()): Promise<unknown> {
    const { project, agentId } = this.profile;
    const request = { type, project, actor: `agent:${agentId}`, idempotencyId, data: { agentId, ...data } };
    return this.world.edge.insist(this.process, request, triesMax);
  }

  ended(attempt: Attempt): void {
    if (this.attempts.get(attempt.held.taskId) === attempt) this.attempts.delete(attempt.held.taskId);
  }

  get chance(): SeededRandom {
    return this.world.random;
  }

  private async register(): Promise<void> {
    const { role, skills, capacity, labels } = this.profile;
    const data = { role, skills, capacity, harness: 'simulated', instance: this.instance, ...(labels && { labels }) };
    await this.tell('RegisterAgent', data, Infinity);
    this.follow();
  }

  /** Hears of its own events over one gateway at a time. */
  private follow(gateway: Gateway | undefined = this.world.edge.choose()): void {
    this.stopListening();
    if (!gateway) return;
    const { process } = this;
    this.stopListening = gateway.listen((event) => {
      if ((event.data as { agentId?: string }).agentId !== this.profile.agentId || event.project !== this.profile.project) return;
      process.after(process.random() * 10, () => this.hear(event));
    });
  }

  private hear(event: AnyEvent): void {
    const held = event.data as Held;
    if (event.type === 'task.assigned') this.take(held);
    const attempt = this.attempts.get(held.taskId);
    if (attempt?.held.attempt !== held.attempt) return;
    if (event.type === 'task.cancelled' || event.type === 'task.attempt-failed') attempt.stop();
  }

  private beat(process: SimulatedProcess): void {
    const { project, agentId } = this.profile;
    this.world.edge
      .request(process, (gateway) => gateway.query('Heartbeat', project, { agentId, instance: this.instance }))
      .then(
        (answer) => ((answer as { known: boolean }).known ? undefined : this.register()),
        () => this.follow(),
      );
    process.after(HEARTBEAT_MS, () => this.beat(process));
  }

  /** Compares what it does with what the log has for it: what was not heard of is found here. */
  private look(process: SimulatedProcess): void {
    const { project, agentId } = this.profile;
    this.world.edge
      .request(process, (gateway) => gateway.query('ListAgentWork', project, { agentId }))
      .then(
        (found) => this.compare((found as TaskList).tasks),
        () => undefined, // It looks again soon.
      );
    process.after(this.world.random.int(LOOK_MS.min, LOOK_MS.max), () => this.look(process));
  }

  private compare(tasks: TaskList['tasks']): void {
    const known = new Set(tasks.map(({ assignment }) => assignment));
    for (const { spec, attempt, assignment = '' } of tasks) this.take({ taskId: spec.taskId, attempt, assignment });
    for (const attempt of [...this.attempts.values()]) if (!known.has(attempt.held.assignment)) attempt.unknownToTheLog();
  }

  private take({ taskId, attempt, assignment }: Held): void {
    const before = this.attempts.get(taskId);
    if (before && before.held.attempt >= attempt) return;
    before?.stop();
    const begun = new Attempt(this, { taskId, attempt, assignment }, this.world.habit(this.profile));
    this.attempts.set(taskId, begun);
    void begun.run();
  }
}
