import { Redis } from 'ioredis';
import { encodeCommit, type Fence, type LogServer, START } from '@torch/log';
import type { BenchContext } from './bench';
import { rateFigure } from './figure';
import { benchTask } from './payload';

const EVENTS = 20_000;
const EVENTS_A_COMMIT = 250;
const COMMITS_A_CALL = 2;

/** Events a second into the log: through the port, as owners append them, against one plain `XADD` an event in a pipeline. */
export async function logAppend({ connect, newUrl, rounds }: BenchContext) {
  const torch: number[] = [];
  const peers: number[] = [];
  const plain = new Redis(newUrl(), { protocol: 2 });
  const server = await connect();
  for (let round = 0; round < rounds; round++) {
    torch.push(await appendThroughPort(server, round));
    peers.push(await appendPlainly(plain, round));
  }
  await server.close();
  await plain.quit();
  return [rateFigure({ name: 'log.append', unit: 'events/s', peer: 'ioredis pipeline, one XADD an event', torch, peers, atLeast: 1 })];
}

const event = (i: number) => ({
  type: 'task.submitted',
  v: 1,
  subject: `task/t${i}`,
  project: 'default',
  actor: 'user:bench',
  correlationId: 'bench',
  data: { runId: 'r', spec: benchTask(`t${i}`, i), submittedAtMs: 1 },
});

async function appendThroughPort(server: LogServer, round: number): Promise<number> {
  const service = `bench-${round}`;
  const lease = await server.leases.acquire(0, service, 'bench', 60_000);
  if (!lease) throw new Error('The bench does not get its own lease.');
  let fence: Fence = { ...lease, seen: await server.log.head(0), generation: START.generation };
  const startedAt = performance.now();
  for (let from = 0; from < EVENTS; from += EVENTS_A_COMMIT * COMMITS_A_CALL) {
    const bodies = Array.from({ length: COMMITS_A_CALL }, (_, c) =>
      encodeCommit({
        service,
        epoch: lease.epoch,
        recordedAtMs: 1,
        consumed: { entry: '0-0', commands: 0, seq: 0 },
        answers: [],
        events: Array.from({ length: EVENTS_A_COMMIT }, (_, i) => event(from + c * EVENTS_A_COMMIT + i)),
      }),
    );
    const first = await server.log.append(fence, bodies);
    fence = { ...fence, seen: { seq: first.seq + bodies.length - 1, generation: first.generation } };
  }
  return EVENTS / ((performance.now() - startedAt) / 1000);
}

async function appendPlainly(redis: Redis, round: number): Promise<number> {
  const startedAt = performance.now();
  for (let from = 0; from < EVENTS; from += EVENTS_A_COMMIT * COMMITS_A_CALL) {
    const pipeline = redis.pipeline();
    for (let i = from; i < from + EVENTS_A_COMMIT * COMMITS_A_CALL; i++)
      pipeline.xadd(`bench:plain:${round}`, '*', 'event', JSON.stringify(event(i)));
    await pipeline.exec();
  }
  return EVENTS / ((performance.now() - startedAt) / 1000);
}
