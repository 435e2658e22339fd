import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { partitionOf, PARTITIONS_DEFAULT } from '@torch/log';
import { Keys } from '@torch/log-dragonfly';
import { waitUntil } from '@torch/testing';
import { Redis } from 'ioredis';
import { Torch } from './torch.fixture';

const PARTITION = partitionOf('default', PARTITIONS_DEFAULT);
const MESSAGES = 120;

interface Trimmed {
  readonly partitions: readonly { readonly partition: number; readonly firstSeq?: number; readonly heldBy?: string }[];
}
interface Replay {
  readonly services: readonly { readonly service: string; readonly digest: string; readonly live?: string }[];
}

(process.env.TORCH_TEST_LONG ? describe : describe.skip)('a Torch whose log server forgets what is archived', () => {
  const torch = new Torch({ TORCH_SNAPSHOT_COMMITS: '20' });
  const send = async (n: number): Promise<void> => {
    const { status } = await torch.http('POST', '/v1/projects/default/messages', { to: 'operator', text: `message ${n}` });
    expect(status).toBe(202);
  };

  beforeAll(async () => {
    await torch.up();
    for (let n = 0; n < MESSAGES; n++) await send(n);
  }, 120_000);
  afterAll(async () => {
    await torch.down();
    torch.remove();
  }, 30_000);

  const digests = async (): Promise<string[]> => {
    const { services } = await torch.json<Replay>('log', 'replay');
    return services.map(({ service, live = '' }) => `${service} ${live}`);
  };

  it('goes as far as archive and snapshots allow, and says what holds it', async () => {
    const trimmed = await waitUntil(
      async () => {
        const { partitions } = await torch.json<Trimmed>('audit', 'trim', '--below', '100000');
        const own = partitions.find(({ partition }) => partition === PARTITION);
        return (own?.firstSeq ?? 0) > MESSAGES / 2 ? own : undefined;
      },
      { what: 'half of the log to be forgotten', deadlineMs: 30_000, everyMs: 500 },
    );
    expect(trimmed.heldBy).toMatch(/ needs \d+ and what follows/);
  }, 60_000);

  it('still tells and proves everything', async () => {
    const events = await torch.cli('audit', 'events', '--types', 'message.sent', '--json', '--limit', '1000');
    expect(events.stdout.trimEnd().split('\n')).toHaveLength(MESSAGES);
    expect(await torch.cli('audit', 'verify')).toMatchObject({ code: 0 });
    expect((await torch.json<Replay>('log', 'replay')).services.length).toBeGreaterThan(0);
  }, 60_000);

  it('comes back from snapshots and what is left of the log, after all its services were killed', async () => {
    for (const { name, pid } of torch.state().services) {
      expect(name).not.toBe('');
      if (pid !== undefined) process.kill(pid, 'SIGKILL');
    }
    await waitUntil(
      async () => {
        try {
          return (await torch.http('POST', '/v1/projects/default/messages', { to: 'operator', text: 'after' })).status === 202;
        } catch {
          return false;
        }
      },
      { what: 'a message to be taken again', deadlineMs: 30_000, everyMs: 200 },
    );
    writeFileSync(
      join(torch.root, 'plan.json'),
      JSON.stringify({ agents: [{ role: 'worker' }], tasks: [{ key: 'a', role: 'worker', run: 'true' }] }),
    );
    expect(await torch.cli('run', join(torch.root, 'plan.json'))).toMatchObject({ code: 0 });
  }, 90_000);

  it('comes back from the archive where the snapshots are gone too', async () => {
    const before = await digests();
    const services = torch.state().services.filter(({ name }) => name !== 'audit');
    for (const { name } of services) {
      const redis = new Redis(torch.logUrlOf(name), { protocol: 2 });
      await redis.set(new Keys().cache(PARTITION, `snapshot:${name}`), '{}');
      redis.disconnect();
    }
    for (const { pid } of services) if (pid !== undefined) process.kill(pid, 'SIGKILL');
    await waitUntil(async () => JSON.stringify(await digests().catch(() => [])) === JSON.stringify(before), {
      what: 'every service to be in the state that it was in',
      deadlineMs: 45_000,
      everyMs: 500,
    });
    const logs = services.map(({ name }) => readFileSync(join(torch.data, 'logs', `${name}.log`), 'utf8'));
    expect(logs.filter((text) => text.includes(`reads partition ${PARTITION} from the archive`))).toHaveLength(services.length);
  }, 90_000);
});
