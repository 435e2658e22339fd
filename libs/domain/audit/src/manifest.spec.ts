import { sha256 } from './hashing.fixture';
import {
  decodeManifestLine,
  encodeManifestLine,
  MANIFEST_START,
  manifestHash,
  type SegmentPruned,
  type SegmentSealed,
} from './manifest.codec';

const sealed: SegmentSealed = {
  kind: 'sealed',
  firstSeq: 1,
  lastSeq: 2,
  firstPosition: '1-0',
  lastPosition: '2-0',
  records: 2,
  events: 3,
  bytes: 400,
  gzBytes: 200,
  sha256: sha256('gz'),
  projects: ['a', 'b'],
  fromMs: 1,
  toMs: 2,
  head: sha256('head'),
  frontier: [sha256('frontier')],
  checkpoint: 'note',
  sealedAtMs: 3,
};
const pruned: SegmentPruned = {
  kind: 'pruned',
  firstSeq: 1,
  lastSeq: 2,
  pruned: 1,
  bytes: 300,
  gzBytes: 150,
  sha256: sha256('gz again'),
  projects: ['a'],
  reason: 'retention of b: 30 days',
  prunedAtMs: 4,
};

describe('a line of the manifest', () => {
  it('goes there and back, bound to the line before', () => {
    const first = encodeManifestLine(sealed, MANIFEST_START);
    const second = encodeManifestLine(pruned, manifestHash(first, sha256));
    expect(decodeManifestLine(first)).toEqual({ ...sealed, previous: MANIFEST_START });
    expect(decodeManifestLine(second)).toEqual({ ...pruned, previous: sha256(first) });
    expect(first).not.toContain('\n');
  });

  const line = encodeManifestLine(sealed, MANIFEST_START);
  it.each([
    '',
    'null',
    '[]',
    '{}',
    '{"kind":"toString"}',
    line.replace('sealed', 'opened'),
    line.replace('"firstSeq":1,', ''),
    line.replace('"records":2', '"records":-2'),
    line.replace(/"head":"./, '"head":"x'),
  ])('is not read out of %#', (broken) => expect(decodeManifestLine(broken)).toBeUndefined());
});
