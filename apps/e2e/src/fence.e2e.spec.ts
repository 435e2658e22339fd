import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { decodeCommit, partitionOf, PARTITIONS_DEFAULT } from '@torch/log';
import { connectLogServer } from '@torch/log-dragonfly';
import { waitUntil } from '@torch/testing';
import { type RunResult, Torch } from './torch.fixture';

const SCHEDULER = resolve(__dirname, '../../../dist/apps/scheduler/main.js');
const PARTITION = partitionOf('default', PARTITIONS_DEFAULT);
const onePlan = (key: string) => ({ agents: [{ role: 'worker' }], tasks: [{ key, role: 'worker', run: `echo ${key}` }] });

describe('a scheduler that is stopped for longer than its lease', () => {
  const torch = new Torch();
  let standby: ChildProcess | undefined;
  beforeAll(() => torch.up(), 60_000);
  afterAll(async () => {
    standby?.kill('SIGKILL');
    await torch.down();
    torch.remove();
  }, 30_000);

  it('is replaced by a standby within 5 s, and fenced off when it goes on', async () => {
    const server = await connectLogServer({ url: torch.logUrlOf('scheduler') });
    try {
      expect((await torch.json<RunResult>('run', torch.plan('before.json', onePlan('before')))).status).toBe('completed');
      standby = spawn(process.execPath, [SCHEDULER], {
        env: {
          ...process.env,
          TORCH_LOG_URL: torch.logUrlOf('scheduler'),
          TORCH_DATA_DIR: torch.data,
          TORCH_TOKEN_SECRET: readFileSync(join(torch.data, 'secret'), 'utf8').trim(),
        },
        stdio: 'ignore',
      });
      const paused = torch.pidOf('scheduler');
      const before = await server.leases.holder(PARTITION, 'scheduler');
      await waitUntil(async () => await standsBy(torch), { what: 'the standby to have started' });

      process.kill(paused, 'SIGSTOP');
      const after = await waitUntil(
        async () => {
          const holder = await server.leases.holder(PARTITION, 'scheduler');
          return holder && holder.epoch !== before?.epoch ? holder : undefined;
        },
        { what: 'the standby to take over', deadlineMs: 30_000 },
      );
      expect(after.holder).not.toBe(before?.holder);
      expect((await torch.json<RunResult>('run', torch.plan('during.json', onePlan('during')))).status).toBe('completed');

      process.kill(paused, 'SIGCONT');
      expect((await torch.json<RunResult>('run', torch.plan('after.json', onePlan('after')))).status).toBe('completed');
      expect(await torch.json('log', 'replay')).toMatchObject({ equal: true });

      const commits = (await server.log.read(PARTITION, 0, 100_000))
        .map((entry) => decodeCommit(entry))
        .filter(({ service }) => service === 'scheduler');
      const epochs = commits.map(({ epoch }) => epoch);
      expect(epochs).toEqual([...epochs].sort((a, b) => a - b));
    } finally {
      await server.close();
    }
  }, 90_000);
});

/** The other scheduler has nothing to tell of itself while it stands by: it has read the log once it holds a lease of a partition or waits for one. */
async function standsBy(torch: Torch): Promise<boolean> {
  return torch.processes().filter((line) => line.includes('scheduler/main.js')).length === 2;
}
