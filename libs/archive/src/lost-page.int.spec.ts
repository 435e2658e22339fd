import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkedArchive, entry, unsigned } from './archive.fixture';
import { checkpointPath, manifestPath, partitionDir } from './archive.layout';
import { readManifest } from './manifest.reader';
import { checkpointSigner } from './notary/checkpoint.signer';
import { createNotaryKey } from './notary/ed25519';
import { openArchive, type PartitionArchive } from './partition-archive';

const PAGE = 4096;
const dirs: string[] = [];
afterAll(() => dirs.forEach((dir) => rmSync(dir, { recursive: true })));

const newPlace = () => {
  const dir = mkdtempSync(join(tmpdir(), 'torch-lost-page-'));
  dirs.push(dir);
  return { dir, partition: 2 };
};
type Place = ReturnType<typeof newPlace>;

const open = (place: Place, sign = unsigned): Promise<PartitionArchive> =>
  openArchive({ ...place, sign, config: { groupMs: 0, segmentMs: 3_600_000, checkpointMs: 3_600_000 } });

async function added(place: Place, through: number, sign = unsigned): Promise<void> {
  const archive = await open(place, sign);
  for (let seq = archive.durable.seq + 1; seq <= through; seq++) archive.add(entry(seq, 'z'.repeat(700)));
  await archive.flush();
  await archive.close();
}

const segment = (place: Place): string =>
  join(partitionDir(place), readdirSync(partitionDir(place)).find((name) => /^segment.*ndjson$/.test(name)) as string);

/** Adds the records behind `durable`, up to `through`, as a flush of which this page (from its own first one on) was lost. */
async function withLostPage(place: Place, { durable, through, page }: { durable: number; through: number; page: number }): Promise<void> {
  const other = newPlace();
  await added(other, through);
  await added(place, durable);
  const at = readFileSync(segment(place)).length;
  const flush = readFileSync(segment(other)).subarray(at);
  const first = Math.ceil(at / PAGE) * PAGE - at;
  flush.fill(0, first + page * PAGE, first + (page + 1) * PAGE);
  appendFileSync(segment(place), flush);
}

describe('an open segment of which a power cut took a page', () => {
  it.each([0, 1, 4])('is cut in front of it, page %i of its last flush, and goes on', async (page) => {
    const place = newPlace();
    await withLostPage(place, { durable: 15, through: 50, page });
    const archive = await open(place);
    const { seq } = archive.durable;
    expect(seq).toBeGreaterThanOrEqual(15);
    expect(seq).toBeLessThan(50);
    for (let next = seq + 1; next <= 60; next++) archive.add(entry(next, 'z'.repeat(700)));
    await archive.flush();
    await archive.close();
    const { fault, records } = await checkedArchive(place);
    expect([fault, records]).toEqual([undefined, 60]);
  });

  it('is refused, and left as it is, where what is missing was signed', async () => {
    const place = newPlace();
    const key = createNotaryKey('torch/the-log/notary-1');
    await added(place, 30, checkpointSigner({ logId: 'the-log', partition: place.partition, signer: () => key }));
    expect(readFileSync(checkpointPath(place), 'utf8').split('\n')[1]).toBe('30');
    const damaged = readFileSync(segment(place)).fill(0, 2 * PAGE, 3 * PAGE);
    writeFileSync(segment(place), damaged);
    await expect(open(place)).rejects.toThrow(/has lost a page behind record \d+, and its checkpoint was signed for 30 records/);
    expect(readFileSync(segment(place))).toEqual(damaged);
  });

  it('is carried on in front of a page without any whole line before it', async () => {
    const place = newPlace();
    await added(place, 3);
    truncateSync(segment(place), 0);
    writeFileSync(segment(place), Buffer.alloc(PAGE));
    const archive = await open(place);
    expect(archive.durable.seq).toBe(0);
    await archive.close();
  });
});

describe('a manifest whose last line has lost a page', () => {
  it('ends with the line before', async () => {
    const place = newPlace();
    const archive = await open(place);
    archive.add(entry(1));
    await archive.seal();
    await archive.close();
    const whole = readFileSync(manifestPath(place));
    const line = Buffer.concat([Buffer.from('{"kind":"uploaded"'), Buffer.alloc(100), Buffer.from('}\n')]);
    appendFileSync(manifestPath(place), line);
    await (await open(place)).close();
    expect(readFileSync(manifestPath(place))).toEqual(whole);
    expect((await readManifest(place)).lines).toHaveLength(1);
  });

  it('is refused when it is another line', async () => {
    const place = newPlace();
    const archive = await open(place);
    for (const seq of [1, 2]) {
      archive.add(entry(seq));
      await archive.seal();
    }
    await archive.close();
    const whole = readFileSync(manifestPath(place));
    writeFileSync(manifestPath(place), whole.fill(0, 20, 40));
    await expect(open(place)).rejects.toThrow('Line 1');
    expect(readFileSync(manifestPath(place))).toEqual(whole);
  });
});
