import { ArchiveLog, HistoryIndex } from '@torch/archive';
import { SERVICE_NAMES, type ServiceName } from '@torch/contracts';
import type { LogEntry } from '@torch/log';
import { SeededRandom } from '@torch/testing';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TorchWorld } from '../doubles/torch.world.fixture';
import { DECIDERS } from '../replay/deciders';
import type { History } from './history';
import { foldAt } from './history.fold';
import { pointAt } from './history.point';
import { stateAt } from './state.at';
import { changesBetween, type StateChange } from './state.changes';
import { parseSubject, serviceOf, stateOf, type SubjectState } from './state.subjects';

const STEPS = 30;
const POINTS = 8;

/** The fold of these entries alone, without any of the machinery for histories. */
async function folded(entries: readonly LogEntry[], world: TorchWorld, service: ServiceName): Promise<unknown> {
  const { replayProject } = await import('@torch/host');
  const decider = DECIDERS[service];
  const log = { read: async (_: number, afterSeq: number, limit: number) => entries.slice(afterSeq, afterSeq + limit) };
  const { state } = await replayProject({ log, decider, service, partition: world.partition, project: world.project });
  return decider.snapshot.encode(state);
}

/** Something that may happen; what a rule refuses has not happened. */
async function step(world: TorchWorld, random: SeededRandom, n: number): Promise<void> {
  const agent = `w${random.int(0, 2)}`;
  const task = `r${random.int(0, n)}.a`;
  const does = random.pick([
    () => world.register(agent, 'worker', random.pick([[], ['ts']])),
    () =>
      world.submit(`r${n}`, [
        { key: 'a', skills: random.pick([[], ['ts']]) },
        { key: 'b', dependsOn: [`r${n}.a`] },
      ]),
    () => world.submit(`r${n}`, [{ key: 'a' }]),
    () => world.send('service:registry', 'LoseAgent', { agentId: agent, lastSeenAtMs: 1, reason: 'spec' }),
    () => world.send('user:ada', 'CancelTask', { taskId: task, reason: 'spec' }),
    () => world.send('user:ada', 'RetryTask', { taskId: task }),
    () => world.send('user:ada', 'SendMessage', { messageId: `m${n}`, to: agent, text: 'hello' }),
    () => world.send(`agent:${agent}`, 'AckMessage', { messageId: `m${random.int(0, n)}`, recipient: agent }),
    () =>
      world.send('user:ada', 'DefinePools', {
        pools: [
          {
            poolId: `p${random.int(0, 1)}`,
            role: 'helper',
            skills: [],
            runtime: 'process',
            harness: 'exec',
            min: 1,
            max: 2,
            capacity: 1,
            memoryMib: 64,
            crashesMax: 3,
          },
        ],
      }),
  ]);
  await does().catch((error: Error) => {
    if (error.name !== 'Rejection') throw error;
  });
}

/** Carries the changes out. */
function changed(state: unknown, changes: readonly StateChange[]): unknown {
  let whole = structuredClone(state);
  // From the end, so that what is removed from a list does not move what comes before it.
  for (const { path, op, after } of [...changes].reverse()) {
    const keys = path
      .split('/')
      .slice(1)
      .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = keys.pop();
    if (last === undefined) {
      whole = after;
      continue;
    }
    let at = whole as Record<string, unknown>;
    for (const key of keys) at = at[key] as Record<string, unknown>;
    if (op !== 'remove') at[last] = after;
    else if (Array.isArray(at)) at.splice(Number(last), 1);
    else delete at[last];
  }
  return whole;
}

describe('the state of a subject at a position', () => {
  it.each([1, 2, 3])(
    'is the fold of the log up to there, and a difference leads from one to the other (seed %d)',
    async (seed) => {
      const random = new SeededRandom(seed);
      const world = await TorchWorld.create();
      const dir = mkdtempSync(join(tmpdir(), 'torch-state-'));
      try {
        await world.send('user:ada', 'CreateProject', {});
        for (let n = 1; n <= STEPS; n++) await step(world, random, n);
        const entries = await world.entries();
        const archived = random.int(1, entries.length);
        await world.archive(dir, { throughSeq: archived, sealBehind: [random.int(1, archived)] });
        const hot = {
          ...world.server.log,
          read: async (_: number, after: number, limit: number) => entries.slice(after, after + limit),
          head: async () => entries.at(-1)!.position,
          first: async () => entries[0]!.position,
        };
        const log = new ArchiveLog({ dir, hot });
        const { project, partition } = world;
        const history: History = { project, partition, log, index: new HistoryIndex({ dir, partition, log }), source: 'archive and log' };
        const names = new Set(
          (await world.events()).map(({ subject }) => subject).filter((name) => /^(task|run|agent|message|pool|project)\//.test(name)),
        );
        let before: SubjectState | undefined;
        for (let i = 0; i < POINTS; i++) {
          const seq = random.int(1, entries.length);
          const point = await pointAt(history, String(seq));
          const folds = new Map<string, unknown>();
          for (const service of SERVICE_NAMES) {
            folds.set(service, await folded(entries.slice(0, seq), world, service));
            expect({ seq, state: (await foldAt(history, service, point)).encoded }).toEqual({ seq, state: folds.get(service) });
          }
          for (const name of [...names].filter(() => random.chance(0.3))) {
            const subject = parseSubject(name);
            const shown = await stateAt(history, subject, point);
            expect({ seq, name, state: shown }).toEqual({ seq, name, state: stateOf(subject, folds.get(serviceOf(subject))) });
            expect(changed(before, changesBetween(before, shown))).toEqual(shown);
            before = shown;
          }
        }
        await log.close();
      } finally {
        await world.end();
        rmSync(dir, { recursive: true, force: true });
      }
    },
    60_000,
  );
});
