import { randomBytes } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { sha256 } from './hashing';
import { writeGzip } from './segment.sealer';
import { SimulatedDisk } from './simulated-disk.fixture';

const CHUNK = 64 * 1024;

async function* pieces(chunks: readonly Buffer[], onTaken?: (count: number) => void): AsyncGenerator<Buffer, void, void> {
  for (const [i, chunk] of chunks.entries()) {
    onTaken?.(i + 1);
    yield await Promise.resolve(chunk);
  }
}

describe('compressing a segment', () => {
  const chunks = Array.from({ length: 100 }, () => randomBytes(CHUNK));

  it('keeps every byte, says what it wrote, and leaves nobody listening', async () => {
    const warnings: string[] = [];
    const note = ({ name }: Error): unknown => warnings.push(name);
    process.on('warning', note);
    const disk = new SimulatedDisk();
    const written = await writeGzip(() => pieces(chunks), await disk.openToWrite('/a/file'));
    await new Promise(setImmediate);
    process.off('warning', note);
    const file = disk.read('/a/file')!;
    expect(written).toEqual({ gzBytes: file.length, sha256: sha256(file) });
    expect(gunzipSync(file).equals(Buffer.concat(chunks))).toBe(true);
    expect(warnings).toEqual([]);
  });

  it('takes no more than the disk does, and fails with the error of the disk', async () => {
    let taken = 0;
    const disk = new SimulatedDisk();
    disk.fault = (operation) => (operation === 'write' ? 'ENOSPC' : undefined);
    const file = await disk.openToWrite('/a/file');
    await expect(writeGzip(() => pieces(chunks, (count) => (taken = count)), file)).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(taken).toBeLessThan(chunks.length / 2);
  });
});
