import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openArchive } from '@torch/archive';
import { encodeCommit } from '@torch/log';
import { ArchivedEntriesReader } from './archived-entries.adapter';

const PARTITION = 3;
const ENTRIES = 20;
const LARGE_CHARS = 1_000_000;

const commit = (seq: number, chars = 10): string =>
  encodeCommit({
    service: 'scheduler',
    epoch: 1,
    recordedAtMs: seq,
    consumed: { entry: '0-0', commands: 0, seq: 0 },
    answers: [['x'.repeat(chars)]],
    events: [],
  });

describe('what audit gives back of a trimmed log', () => {
  let archiveDir: string;
  let reader: ArchivedEntriesReader;

  beforeEach(() => {
    archiveDir = mkdtempSync(join(tmpdir(), 'torch-archived-entries-'));
    reader = new ArchivedEntriesReader({ archiveDir });
  });
  afterEach(async () => {
    await reader.onModuleDestroy();
    rmSync(archiveDir, { recursive: true });
  });

  /** Those from `firstSeq` on; half of them in a sealed segment. */
  async function archive({ from = 1, to = ENTRIES, chars = 10 } = {}): Promise<void> {
    const writer = await openArchive({ dir: archiveDir, partition: PARTITION, sign: () => 'a checkpoint' });
    for (let seq = from; seq <= to; seq++) {
      writer.add({ position: { seq, generation: 0 }, body: commit(seq, chars) });
      if (seq === ENTRIES / 2) await writer.seal();
    }
    await writer.flush();
    await writer.close();
  }

  async function seqsOf(afterSeq: number, limit: number): Promise<number[]> {
    const { entries, pruned } = await reader.read(PARTITION, { afterSeq, limit });
    expect(pruned).toBe(false);
    for (const { position, body } of entries) expect(body).toBe(commit(Number.parseInt(position)));
    return entries.map(({ position }) => Number.parseInt(position));
  }

  const upTo = (last: number, first = 1): number[] => Array.from({ length: last - first + 1 }, (_, i) => first + i);

  it('is the same whatever the pages are, for two that read at once as for one', async () => {
    await archive();
    for (const limit of [1, 3, 7, 500]) {
      const readAll = async (): Promise<number[]> => {
        const seqs: number[] = [];
        for (let page = await seqsOf(0, limit); page.length > 0; page = await seqsOf(seqs.at(-1) as number, limit)) seqs.push(...page);
        return seqs;
      };
      expect(await Promise.all([readAll(), readAll()])).toEqual([upTo(ENTRIES), upTo(ENTRIES)]);
    }
  });

  it('is the page that was asked for, after any other', async () => {
    await archive();
    for (const afterSeq of [5, 10, 7, 19, 0])
      expect(await seqsOf(afterSeq, 3)).toEqual(upTo(Math.min(ENTRIES, afterSeq + 3), afterSeq + 1));
  });

  it('has what was archived since the last question', async () => {
    await archive({ to: 12 });
    expect(await seqsOf(0, 6)).toEqual(upTo(6));
    expect(await seqsOf(6, 6)).toEqual(upTo(12, 7));
    await archive({ from: 13 });
    expect(await seqsOf(12, 500)).toEqual(upTo(ENTRIES, 13));
  });

  it('is nothing behind the end of the archive', async () => {
    await archive();
    expect(await seqsOf(ENTRIES, 5)).toEqual([]);
    expect(await seqsOf(ENTRIES + 5, 5)).toEqual([]);
  });

  it('is fewer large entries than were asked for, and goes on behind them', async () => {
    await archive({ to: 8, chars: LARGE_CHARS });
    const first = await reader.read(PARTITION, { afterSeq: 0, limit: 8 });
    expect(first.entries).toHaveLength(5);
    const rest = await reader.read(PARTITION, { afterSeq: 5, limit: 8 });
    expect(rest.entries.map(({ position }) => position)).toEqual(['6-0', '7-0', '8-0']);
  });
});
