import { Logger } from '@nestjs/common';
import { type Heartbeat, HEARTBEATS_MAX } from '@torch/contracts';
import { ProcessEvidence } from './process-evidence';

const EVERY_MS = 5000;
const settled = () => new Promise(setImmediate);

function spawner() {
  const told: [project: string, heartbeats: readonly Heartbeat[]][] = [];
  const client = {
    failing: false,
    query: async (_contract: unknown, project: string, { heartbeats }: { heartbeats: Heartbeat[] }) => {
      told.push([project, heartbeats]);
      if (client.failing) throw new Error('The log server is away.');
      return { answers: [] };
    },
  };
  return { told, client, evidence: new ProcessEvidence(client as never, { evidenceEveryMs: EVERY_MS }) };
}

const spawns = (count: number) => Array.from({ length: count }, (_, n) => ({ agentId: `dev-${n}`, spawnId: `spawn-${n}` }));

describe('what the spawner tells of its processes', () => {
  beforeAll(() => Logger.overrideLogger(false));

  it('is which of them run, by project, every few seconds', async () => {
    const { told, evidence } = spawner();
    const running = new Map([
      ['shop', spawns(2)],
      ['bank', spawns(1)],
    ]);
    for (const nowMs of [0, 20, EVERY_MS - 1, EVERY_MS]) {
      evidence.tell(running, nowMs);
      await settled();
    }
    expect(told.map(([project, heartbeats]) => [project, heartbeats.length])).toEqual([
      ['shop', 2],
      ['bank', 1],
      ['shop', 2],
      ['bank', 1],
    ]);
    expect(told[0]?.[1][1]).toEqual({ agentId: 'dev-1', instance: 'spawn-1', evidence: 'process' });
  });

  it('comes in questions of a limited size', async () => {
    const { told, evidence } = spawner();
    evidence.tell(new Map([['shop', spawns(HEARTBEATS_MAX + 1)]]), 0);
    await settled();
    expect(told.map(([, heartbeats]) => heartbeats.length)).toEqual([HEARTBEATS_MAX, 1]);
  });

  it('is told anew after it could not be told', async () => {
    const { told, client, evidence } = spawner();
    client.failing = true;
    evidence.tell(new Map([['shop', spawns(1)]]), 0);
    await settled();
    evidence.tell(new Map([['shop', spawns(1)]]), EVERY_MS);
    await settled();
    expect(told).toHaveLength(2);
  });
});
