import { join } from 'node:path';
import { partitionOf, PARTITIONS_DEFAULT } from '@torch/log';
import { waitUntil } from '@torch/testing';
import { type RunResult, Torch } from './torch.fixture';

const PARTITION = partitionOf('default', PARTITIONS_DEFAULT);
const plan = (name: string) => ({
  name,
  agents: [{ role: 'worker', max: 2 }],
  tasks: [
    { key: 'first', role: 'worker', run: `echo ${name}` },
    { key: 'second', role: 'worker', run: 'echo done', dependsOn: ['first'] },
  ],
});

interface Backup {
  readonly id: string;
  readonly ends: readonly { readonly partition: number; readonly position: string }[];
}

interface Replay {
  readonly position: string;
  readonly services: readonly { readonly service: string; readonly digest: string }[];
}

(process.env.TORCH_TEST_LONG ? describe : describe.skip)('a Torch that is gone', () => {
  const torches: Torch[] = [];
  const lost = newTorch();
  const store = join(lost.root, 'backups');
  let first: RunResult;
  let middle: Replay;
  let end: Replay;

  function newTorch(): Torch {
    const torch = new Torch();
    torches.push(torch);
    return torch;
  }
  const digests = ({ services }: Replay): string[] => services.map(({ service, digest }) => `${service} ${digest}`);
  const replayed = (torch: Torch, position: string): Promise<Replay> => torch.json('log', 'replay', '--until', position);

  /** A backup that has everything that the run came to. */
  async function backup(taskId: string): Promise<string> {
    const events = await lost.json<{ events: { id: string }[] }>('task', 'show', taskId);
    const seqs = JSON.stringify(events).match(new RegExp(`${PARTITION}/(\\d+)-`, 'g')) ?? [];
    const lastSeq = Math.max(...seqs.map((id) => Number(/\/(\d+)-/.exec(id)?.[1])));
    expect(lastSeq).toBeGreaterThan(0);
    const made = await waitUntil(
      async () => {
        const { ends } = await lost.json<Backup>('backup', 'create', '--out', store);
        const position = ends[PARTITION]?.position ?? '0-0';
        return Number(position.split('-')[0]) >= lastSeq ? position : undefined;
      },
      { what: 'a backup that has the whole run', deadlineMs: 30_000, everyMs: 500 },
    );
    return made;
  }

  beforeAll(async () => {
    await lost.up();
    first = await lost.json<RunResult>('run', lost.plan('first.json', plan('first')));
    middle = await replayed(lost, await backup(first.results[1]?.taskId as string));
    const second = await lost.json<RunResult>('run', lost.plan('second.json', plan('second')));
    end = await replayed(lost, await backup(second.results[1]?.taskId as string));
    await lost.down();
  }, 120_000);
  afterAll(async () => {
    for (const torch of torches) {
      await torch.down();
      torch.remove();
    }
  }, 60_000);

  it('has a backup that an auditor can verify', async () => {
    const verified = await lost.cli('backup', 'verify', '--store', store);
    expect(verified).toMatchObject({ code: 0, stdout: expect.stringContaining('The notary signed it.') as string });
  }, 30_000);

  it('comes back from it elsewhere, in the same state in every service, and goes on', async () => {
    const torch = newTorch();
    expect((await lost.cli('backup', 'restore', '--store', store, '--into', torch.data)).code).toBe(0);
    await torch.up();
    expect(digests(await replayed(torch, end.position))).toEqual(digests(end));
    expect(await torch.json('log', 'replay')).toMatchObject({ equal: true });
    expect(JSON.stringify(await torch.json('task', 'show', first.results[0]?.taskId as string))).toContain('"completed"');
    expect((await torch.json<RunResult>('run', torch.plan('third.json', plan('third')))).status).toBe('completed');
    expect((await torch.cli('audit', 'verify')).code).toBe(0);
  }, 90_000);

  it('comes back as it was at an earlier position, and knows nothing of what came later', async () => {
    const torch = newTorch();
    const restored = await lost.cli('backup', 'restore', '--store', store, '--into', torch.data, '--at', middle.position);
    expect(restored).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`Partition ${PARTITION} ends with ${middle.position}`) as string,
    });
    await torch.up();
    expect(digests(await replayed(torch, middle.position))).toEqual(digests(middle));
    expect(await torch.json('log', 'replay')).toMatchObject({ equal: true });
    const { stdout } = await torch.cli('log', 'tail', '--after', '0', '--types', 'run.submitted', '--json');
    expect(stdout.trim().split('\n')).toHaveLength(1);
    expect((await torch.json<RunResult>('run', torch.plan('other.json', plan('other')))).status).toBe('completed');
    expect((await torch.cli('audit', 'verify')).code).toBe(0);
  }, 90_000);
});
