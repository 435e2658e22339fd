import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { chainRecord, encodeRecord } from '@torch/domain-audit';
import { CHECKPOINT, LOG_NOTE, MANIFEST } from '../archive.layout';
import { sha256 } from '../hashing';
import { createNotaryKey } from '../notary/ed25519';
import { type BuiltArchive, buildArchive, LOG_ID } from './built-archive.fixture';
import { ArchiveInWrongHands, positionIn, recordOf } from './tampering.fixture';
import type { Check, PartitionProof } from './verdict';
import { verifyWith } from './verify-archive';

const SEED = Number(process.env['TORCH_TEST_SEED'] ?? randomBytes(4).readUInt32LE());
/** Records of an archive of 100,000 events. */
const SEGMENTS = [2500, 2500, 2500, 2500];
const PLACES_EACH = 2;

let built: BuiltArchive;
let hands: ArchiveInWrongHands;

beforeAll(async () => {
  built = await buildArchive({ segments: SEGMENTS, eventsEach: 10, recoveredAt: 4000 });
  hands = new ArchiveInWrongHands(built.dir);
});
afterEach(() => hands.restore());
afterAll(() => built.remove());

async function verdict({ without }: { without?: Check } = {}): Promise<PartitionProof> {
  const { partitions } = await verifyWith({ dir: built.dir, keys: built.keys }, (check) => check !== without);
  return partitions[0]!;
}

/** Numbers that are the same for the same seed. */
function random(salt: number): (below: number) => number {
  let state = (SEED ^ (salt * 0x9e3779b9)) >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

type Tampering = (lines: string[], at: number, pick: (below: number) => number) => { readonly lines: string[]; readonly position: string };
const flip = (line: string, at: number): string => line.slice(0, at) + (line[at] === '0' ? '1' : '0') + line.slice(at + 1);

/** Of the record at `at`, which is never the last one. */
const OF_A_RECORD: Readonly<Record<string, Tampering>> = {
  'a flipped character': (lines, at, pick) => ({
    lines: lines.with(at, flip(lines[at]!, 13 + pick(lines[at]!.length - 15))),
    position: positionIn(lines[at]!),
  }),
  'a changed commit': (lines, at) => ({
    lines: lines.with(at, lines[at]!.replace('"attempt":1', '"attempt":2')),
    position: positionIn(lines[at]!),
  }),
  'a changed commit with a hash that fits': (lines, at) => {
    const { previous, seq, generation, body = '' } = recordOf(lines[at]!);
    const forged = chainRecord(previous, { seq, generation, body: body.replace('"attempt":1', '"attempt":2') }, sha256);
    return { lines: lines.with(at, encodeRecord(forged)), position: positionIn(lines[at + 1]!) };
  },
  'a dropped record': (lines, at) => ({ lines: lines.toSpliced(at, 1), position: positionIn(lines[at]!) }),
  'swapped neighbours': (lines, at) => ({
    lines: lines.with(at, lines[at + 1]!).with(at + 1, lines[at]!),
    position: positionIn(lines[at]!),
  }),
  'a doubled record': (lines, at) => ({ lines: lines.toSpliced(at, 0, lines[at]!), position: positionIn(lines[at + 1]!) }),
  'an inserted record': (lines, at) => {
    const { hash, seq, generation } = recordOf(lines[at]!);
    const forged = chainRecord(hash, { seq: seq + 1, generation, body: '{"events":[]}' }, sha256);
    return { lines: lines.toSpliced(at + 1, 0, encodeRecord(forged)), position: `${seq + 2}-${recordOf(lines[at + 1]!).generation}` };
  },
  'a record without its content': (lines, at) => ({
    lines: lines.with(at, encodeRecord({ ...recordOf(lines[at]!), body: undefined })),
    position: positionIn(lines[at]!),
  }),
  'an end cut off': (lines, at) => ({ lines: lines.slice(0, at), position: positionIn(lines[at]!) }),
};

describe(`tampering with an archive of 100,000 events (TORCH_TEST_SEED=${SEED})`, () => {
  it('is not seen where there is none', async () => {
    expect(await verdict()).toMatchObject({
      ok: true,
      records: 10_000,
      events: 100_000,
      pruned: 0,
      lastPosition: '10000-1',
      checkpointsVerified: 4,
      signedSeq: 10_000,
    });
    expect((await verdict()).problem).toBeUndefined();
  });

  it.each(Object.entries(OF_A_RECORD))('%s is found, and named by its position', async (name, tamper) => {
    for (const kind of ['.gz', '.ndjson']) {
      for (let n = 0; n < PLACES_EACH; n++) {
        const pick = random(name.length * 100 + n * 10 + kind.length);
        const candidates = hands.segments().filter((segment) => segment.endsWith(kind));
        const segment = candidates[pick(candidates.length)]!;
        const lines = hands.lines(segment);
        const tampered = tamper(lines, 1 + pick(lines.length - 3), pick);
        hands.writeLines(segment, tampered.lines);
        const { ok, badPosition, problem } = await verdict();
        const isWholeSegment = kind === '.gz' && name === 'a record without its content';
        expect({ ok, segment, problem, badPosition }).toMatchObject({
          ok: false,
          badPosition: isWholeSegment ? positionIn(lines[0]!) : sameSeq(tampered.position, badPosition),
        });
        hands.restore();
      }
    }
  });

  it('a flipped byte of a sealed file is found', async () => {
    const pick = random(1);
    for (let n = 0; n < 6; n++) {
      const [segment = ''] = [hands.segments()[pick(SEGMENTS.length - 1)]];
      hands.changeBytes(segment, (bytes) => {
        const at = pick(bytes.length);
        bytes[at] = (bytes[at] as number) ^ (1 << pick(8));
        return bytes;
      });
      expect(await verdict()).toMatchObject({ ok: false, badPosition: expect.stringMatching(/^\d+-\d+$/) });
      hands.restore();
    }
  });

  it('a sealed file that is missing, cut off, put in place of another, or compressed anew is found', async () => {
    const [first = '', second = ''] = hands.segments();
    rmSync(hands.path(second));
    expect(await verdict()).toMatchObject({ ok: false, badPosition: '2501-0', problem: expect.stringContaining('is missing') });
    hands.restore();
    hands.changeBytes(second, (bytes) => bytes.subarray(0, bytes.length / 2));
    expect((await verdict()).badPosition).toMatch(/^(2[5-9]|[34])\d+-[01]$/);
    hands.restore();
    hands.writeLines(second, hands.lines(first));
    expect((await verdict()).badPosition).toBe('2501-0');
    hands.restore();
    hands.writeLines(second, hands.lines(second));
    expect(await verdict()).toMatchObject({
      ok: false,
      badPosition: '2501-0',
      problem: expect.stringContaining('not the segment that was sealed'),
    });
  });

  it('a file that does not belong there is found', async () => {
    const [first = ''] = hands.segments();
    hands.writeLines('segment-0000000000020000.ndjson.gz', hands.lines(first));
    expect(await verdict()).toMatchObject({ ok: false, badPosition: '20000-0' });
    hands.restore();
    hands.writeLines(first.replace('.gz', ''), hands.lines(first).with(7, hands.lines(first)[8]!));
    expect(await verdict()).toMatchObject({ ok: false, badPosition: '8-0' });
    hands.restore();
    hands.writeLines(first.replace('.gz', ''), hands.lines(first).slice(0, -1));
    expect(await verdict()).toMatchObject({ ok: false, badPosition: '1-0' });
    hands.restore();
    hands.writeLines(first.replace('.gz', ''), hands.lines(first));
    expect((await verdict()).ok).toBe(true);
  });

  it('whatever was written anew and signed with another key is found', async () => {
    const other = createNotaryKey(built.key.name);
    hands.rewrite(other, (record, index) => (index === 6000 ? { ...record, body: '{"events":[]}' } : record));
    expect(await verdict()).toMatchObject({
      ok: false,
      badPosition: '2500-0',
      problem: expect.stringContaining('by no key that is trusted'),
    });
    expect((await verdict({ without: 'signature' })).ok).toBe(true);
  });

  it('a record behind the last checkpoint is not taken for a signed one', async () => {
    const open = hands.segments().at(-1)!;
    hands.change(open, (lines) => {
      const { hash } = recordOf(lines.at(-1)!);
      return [...lines, encodeRecord(chainRecord(hash, { seq: 10_001, generation: 1, body: '{}' }, sha256))];
    });
    expect(await verdict()).toMatchObject({ ok: true, records: 10_001, signedSeq: 10_000 });
  });
});

describe('tampering with the manifest', () => {
  it('is found in whatever field of whatever line', async () => {
    for (const [field, value] of Object.entries({
      sealedAtMs: 7,
      projects: ['x'],
      events: 1,
      head: sha256('x'),
      sha256: sha256('x'),
      records: 1,
      firstSeq: 2,
    })) {
      for (const line of [0, 2]) {
        hands.change(MANIFEST, (lines) => lines.with(line, JSON.stringify({ ...JSON.parse(lines[line]!), [field]: value })));
        expect([field, line, (await verdict()).ok]).toEqual([field, line, false]);
        hands.restore();
      }
    }
  });

  it('is found where all links were made to fit again', async () => {
    hands.writeManifest(hands.manifest().with(1, { ...hands.manifest()[1]!, events: 1 }));
    expect(await verdict()).toMatchObject({ ok: false, badPosition: '5001-1', problem: expect.stringContaining('as its last') });
  });

  it('is found where lines are missing, doubled, swapped or torn', async () => {
    const changes: readonly ((lines: string[]) => string[])[] = [
      (lines) => lines.toSpliced(1, 1),
      (lines) => lines.slice(0, -1),
      () => [],
      (lines) => lines.toSpliced(1, 0, lines[1]!),
      (lines) => lines.with(0, lines[1]!).with(1, lines[0]!),
      (lines) => lines.with(1, lines[1]!.slice(0, 100)),
    ];
    for (const change of changes) {
      hands.change(MANIFEST, change);
      expect([change.toString(), (await verdict()).ok]).toEqual([change.toString(), false]);
      hands.restore();
    }
  });
});

describe('tampering with the checkpoint', () => {
  it('is found wherever it is flipped, and where it is missing', async () => {
    const pick = random(2);
    for (let n = 0; n < 5; n++) {
      hands.changeBytes(CHECKPOINT, (bytes) => {
        const at = pick(bytes.length);
        bytes[at] = (bytes[at] as number) ^ 1;
        return bytes;
      });
      expect((await verdict()).ok).toBe(false);
      hands.restore();
    }
    rmSync(hands.path(CHECKPOINT));
    expect(await verdict()).toMatchObject({ ok: false, badPosition: '7501-1', problem: 'p00/checkpoint is missing.' });
  });

  it('is found where the notary itself signed another tree, chain, position or log', async () => {
    const [key] = built.keys;
    for (const change of [
      { root: sha256('another tree') },
      { head: { seq: 10_000, generation: 1, hash: sha256('another chain') } },
      { head: { seq: 10_000, generation: 0, hash: recordOf(hands.lines(hands.segments().at(-1)!).at(-1)!).hash } },
      { origin: `torch/${LOG_ID}/p01` },
      { origin: 'torch/another-log/p00' },
      { manifest: sha256('another manifest') },
    ]) {
      hands.resign(built.key, key!, change);
      expect([change, (await verdict()).ok]).toEqual([change, false]);
      hands.restore();
    }
  });
});

describe('what is missing as a whole', () => {
  it('is found: the note of the log, or a partition of it', async () => {
    const empty = await verifyWith({ dir: join(built.dir, 'p00'), keys: built.keys }, () => true);
    expect(empty).toMatchObject({ ok: false, partitions: [], problem: expect.stringContaining(LOG_NOTE) });
    const { ok, partitions } = await verifyWith({ dir: built.dir, keys: built.keys, partitions: [0, 1] }, () => true);
    expect([ok, partitions[0]?.ok, partitions[1]?.problem]).toEqual([false, true, 'The directory p01 is missing, or empty.']);
  });
});

/** Each check is the only one that finds something: without it, that goes unfound. */
describe('a verifier without one of its checks', () => {
  const MUTANTS: Readonly<Record<Check, () => void>> = {
    chain: () => {
      const open = hands.segments().at(-1)!;
      hands.change(open, (lines) => {
        const forged = sha256('forged');
        return lines
          .with(5, encodeRecord({ ...recordOf(lines[5]!), hash: forged }))
          .with(6, encodeRecord({ ...recordOf(lines[6]!), previous: forged }));
      });
    },
    tree: () => hands.resign(built.key, built.keys[0]!, { root: sha256('another tree') }),
    signature: () => hands.rewrite(createNotaryKey('torch/another'), (record) => record),
    manifest: () => hands.change(MANIFEST, (lines) => lines.with(0, lines[0]!.replace(/"sealedAtMs":\d+/, '"sealedAtMs":7'))),
    place: () => hands.rewrite(built.key, (record) => (record.seq === 4500 ? { ...record, generation: 0 } : record)),
  };

  it.each(Object.entries(MUTANTS) as [Check, () => void][])('%s misses what the whole one finds', async (check, tamper) => {
    tamper();
    expect(await verdict()).toMatchObject({ ok: false, badPosition: expect.stringMatching(/^\d+-\d+$/) });
    const { ok, problem } = await verdict({ without: check });
    expect([ok, problem]).toEqual([true, undefined]);
  });
});

/** A record that cannot be read has no generation of its own: the one before lends it. */
const sameSeq = (expected: string, found: string | undefined): string =>
  found?.split('-')[0] === expected.split('-')[0] ? (found as string) : expected;
