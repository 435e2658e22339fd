import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { SchedulerCommand, SchedulerEvent } from '@torch/contracts';
import { type AgentEvent, schedulerDecider, type SchedulerState } from '@torch/domain-scheduler';
import type { NewEvent } from '@torch/kernel';
import type { BenchContext } from './bench';
import { ceilingFigure, median } from './figure';
import { benchTask } from './payload';

const QUEUES = [1000, 10_000, 100_000, 1_000_000];
const TASKS_A_RUN = 2000;
const KEYS = 50;
/** A round's; all rounds together take less than the shortest queue has. */
const DECISIONS = 150;
const ROUNDS_MAX = 6;
/** Decisions before anything is timed, on a queue of its own: until the compiler has done its work. */
const WARM_UP = 20_000;
const ENVELOPE = { v: 1, project: 'default', actor: 'user:bench', correlationId: 'bench' };
/** How much dearer a decision may be with a million tasks than with a thousand: what heaps and caches of the processor cost. */
const GROWTH_MAX = 5;

/** µs of one completion and the assignment that follows, with ever longer queues behind one free agent at a time. */
export async function scaleDecision({ rounds, progress }: BenchContext) {
  const perQueue: number[] = [];
  let bytes = 0;
  const warm = new Project();
  for (let run = 0; run < WARM_UP; run += TASKS_A_RUN) warm.submit(run, TASKS_A_RUN);
  warm.register('agent-1');
  warm.decisions(WARM_UP - 1);
  progress('queued tasks   a decision   bytes a task');
  for (const queued of QUEUES) {
    const before = heapBytes();
    const project = new Project();
    for (let run = 0; run < queued; run += TASKS_A_RUN) project.submit(run, Math.min(TASKS_A_RUN, queued - run));
    bytes = (heapBytes() - before) / queued;
    project.register('agent-1');
    const values = Array.from({ length: Math.min(rounds, ROUNDS_MAX) }, () => project.decisions(DECISIONS));
    perQueue.push(median(values));
    progress(`${String(queued).padStart(12)}   ${median(values).toFixed(1).padStart(7)} µs   ${bytes.toFixed(0).padStart(12)}`);
  }
  const [first, last] = [perQueue[0] as number, perQueue.at(-1) as number];
  return Promise.resolve([
    ceilingFigure({ name: 'scale.decision', unit: 'µs', values: [last] }),
    ceilingFigure({ name: 'scale.decision.growth', unit: '× from 1k to 1M', values: [last / first], atMost: GROWTH_MAX }),
    ceilingFigure({ name: 'scale.bytes-per-task', unit: 'bytes', values: [bytes], atMost: 2048 }),
  ]);
}

class Project {
  private state: SchedulerState = schedulerDecider.initialState();
  private ids = 0;
  private live: { readonly taskId: string; readonly attempt: number; readonly assignment: string; readonly agentId: string } | undefined;
  private readonly context = { nowMs: 1_000_000, newId: () => `id-${++this.ids}` };

  submit(run: number, count: number): void {
    const tasks = Array.from({ length: count }, (_, i) => benchTask(`r${run}.${i}`, i));
    this.decide({ type: 'SubmitRun', data: { runId: `r${run}`, tasks } }, `user:bench-${run % KEYS}`);
  }

  register(agentId: string): void {
    const data = {
      agentId,
      name: agentId,
      role: 'developer',
      skills: ['typescript'],
      capacity: 1,
      harness: 'x',
      instance: 'i',
      registeredAtMs: 1,
    };
    this.state = schedulerDecider.evolve(this.state, {
      ...ENVELOPE,
      type: 'agent.registered',
      subject: `agent/${agentId}`,
      data,
    } as AgentEvent);
    this.settle();
  }

  /** µs of one. */
  decisions(count: number): number {
    const startedAt = performance.now();
    for (let n = 0; n < count; n++) {
      const { live } = this;
      if (!live) throw new Error('Nothing is assigned.');
      this.live = undefined;
      const { taskId, attempt, assignment, agentId } = live;
      this.decide({ type: 'CompleteTask', data: { taskId, attempt, assignment, agentId, exitCode: 0, durationMs: 1 } });
      this.settle();
    }
    return ((performance.now() - startedAt) * 1000) / count;
  }

  private decide(command: { readonly type: string; readonly data: object }, actor = ENVELOPE.actor): void {
    this.evolve(
      schedulerDecider.decide(this.state, { ...ENVELOPE, ...command, actor } as unknown as SchedulerCommand, this.context),
      actor,
    );
  }

  private settle(): void {
    for (let events = schedulerDecider.settle?.(this.state, this.context) ?? []; events.length > 0;) {
      this.evolve(events, ENVELOPE.actor);
      events = schedulerDecider.settle?.(this.state, this.context) ?? [];
    }
  }

  private evolve(events: readonly NewEvent[], actor: string): void {
    for (const event of events) {
      if (event.type === 'task.assigned') this.live = event.data as typeof this.live;
      // As an owner reads them back: a state that shares objects with its events would look smaller than it is.
      const data = event.type === 'task.submitted' ? (JSON.parse(JSON.stringify(event.data)) as unknown) : event.data;
      this.state = schedulerDecider.evolve(this.state, { ...ENVELOPE, actor, ...event, data } as unknown as SchedulerEvent);
    }
  }
}

function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}
