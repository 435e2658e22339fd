import { Redis } from 'ioredis';
import type { SchedulerEvent } from '@torch/contracts';
import { type AgentEvent, schedulerDecider } from '@torch/domain-scheduler';
import { decodeCommit, encodeCommit, type LogServer, START } from '@torch/log';
import type { BenchContext } from './bench';
import { rateFigure } from './figure';
import { benchTask } from './payload';

const TASKS = 10_000;
const TASKS_A_COMMIT = 100;
const EVENTS = TASKS * 3;
const AGENTS = 50;
const READ_ENTRIES = 100;

/**
 * Events a second out of the log: read, checked against their contracts and folded into the scheduler's state, against
 * `XRANGE` and `JSON.parse` of the same events, one an entry, with nothing done to them.
 */
export async function logReplay({ connect, newUrl, rounds }: BenchContext) {
  const server = await connect();
  const plain = new Redis(newUrl(), { protocol: 2 });
  const logged = await fillLog(server);
  await fillPlainly(plain, logged);
  const torch: number[] = [];
  const peers: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const [mine, theirs] = [await replay(server), await readPlainly(plain)];
    if (round === 0) continue; // Warm-up, for both.
    torch.push(mine);
    peers.push(theirs);
  }
  await server.close();
  await plain.quit();
  return [rateFigure({ name: 'log.replay', unit: 'events/s', peer: 'XRANGE + JSON.parse', torch, peers, atLeast: 1 })];
}

function lifeOf(taskId: string, index: number): SchedulerEvent[] {
  const envelope = { v: 1, subject: `task/${taskId}`, project: 'default', actor: 'user:bench', correlationId: 'bench' };
  const live = { taskId, attempt: 1, agentId: `agent-${index % AGENTS}` };
  return [
    { ...envelope, type: 'task.submitted', data: { runId: 'r', spec: benchTask(taskId, index), submittedAtMs: 1 } },
    { ...envelope, v: 2, type: 'task.assigned', data: { ...live, assignment: `as-${index}`, leaseUntilMs: 30_000, assignedAtMs: 1 } },
    { ...envelope, type: 'task.completed', data: { ...live, exitCode: 0, durationMs: 5, completedAtMs: 2 } },
  ] as SchedulerEvent[];
}

async function fillLog(server: LogServer): Promise<SchedulerEvent[]> {
  const lease = await server.leases.acquire(0, 'scheduler', 'bench', 600_000);
  if (!lease) throw new Error('The bench does not get its own lease.');
  const all: SchedulerEvent[] = [];
  const run = {
    type: 'run.submitted',
    v: 1,
    subject: 'run/r',
    project: 'default',
    actor: 'user:bench',
    correlationId: 'bench',
    data: { runId: 'r', tasks: TASKS, submittedAtMs: 1 },
  };
  let seen = START;
  for (let from = 0; from < TASKS; from += TASKS_A_COMMIT) {
    const tasks = Array.from({ length: TASKS_A_COMMIT }, (_, i) => lifeOf(`t${from + i}`, from + i));
    const events = [0, 1, 2].flatMap((step) => tasks.map((life) => life[step] as SchedulerEvent));
    if (from === 0) events.unshift(run as SchedulerEvent);
    const body = encodeCommit({
      service: 'scheduler',
      epoch: lease.epoch,
      recordedAtMs: 1,
      consumed: { entry: '0-0', commands: 0, seq: 0 },
      answers: [],
      events,
    });
    seen = await server.log.append({ ...lease, seen, generation: 0 }, [body]);
    all.push(...events);
  }
  return all;
}

async function fillPlainly(redis: Redis, events: readonly SchedulerEvent[]): Promise<void> {
  for (let from = 0; from < events.length; from += 1000) {
    const pipeline = redis.pipeline();
    for (const event of events.slice(from, from + 1000)) pipeline.xadd('bench:plain', '*', 'event', JSON.stringify(event));
    await pipeline.exec();
  }
}

async function replay(server: LogServer): Promise<number> {
  const startedAt = performance.now();
  let state = withAgents();
  let events = 0;
  for (let seq = 0; ;) {
    const entries = await server.log.read(0, seq, READ_ENTRIES);
    if (entries.length === 0) break;
    for (const entry of entries) {
      for (const event of decodeCommit(entry).events) {
        state = schedulerDecider.evolve(state, event as SchedulerEvent);
        events++;
      }
      seq = entry.position.seq;
    }
  }
  if (events !== EVENTS + 1) throw new Error(`Replayed ${events} events of ${EVENTS + 1}.`);
  return events / ((performance.now() - startedAt) / 1000);
}

/** The agents are another service's, so their registrations are not among the events that are counted. */
function withAgents() {
  const envelope = { v: 1, project: 'default', actor: 'user:bench', correlationId: 'bench' };
  return Array.from({ length: AGENTS }, (_, i) => `agent-${i}`).reduce(
    (state, agentId) =>
      schedulerDecider.evolve(state, {
        ...envelope,
        type: 'agent.registered',
        subject: `agent/${agentId}`,
        data: {
          agentId,
          name: agentId,
          role: 'developer',
          skills: ['typescript'],
          capacity: 1000,
          harness: 'bench',
          instance: 'i',
          registeredAtMs: 1,
        },
      } as AgentEvent),
    schedulerDecider.initialState(),
  );
}

async function readPlainly(redis: Redis): Promise<number> {
  const startedAt = performance.now();
  let events = 0;
  for (let after = '-'; ;) {
    const entries = await redis.xrange('bench:plain', after, '+', 'COUNT', 1000);
    if (entries.length === 0) break;
    for (const [id, fields] of entries) {
      JSON.parse(fields[1] as string);
      events++;
      after = `(${id}`;
    }
  }
  if (events !== EVENTS + 1) throw new Error(`Read ${events} events of ${EVENTS + 1}.`);
  return events / ((performance.now() - startedAt) / 1000);
}
