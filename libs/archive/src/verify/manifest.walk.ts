import { decodeManifestLine, MANIFEST_START, type ManifestLine, manifestHash, type SegmentPruned } from '@torch/domain-audit';
import type { ArchiveDisk } from '../archive-disk';
import { type ArchivePlace, MANIFEST, manifestPath, partitionName } from '../archive.layout';
import { sha256 } from '../hashing';
import { eachLine, readSegmentLines } from '../segment-lines.reader';
import { type Checks, Fault } from './verdict';

/** Reads a manifest line by line, without ever holding all of it. */
export class ManifestWalk {
  private readonly name: string;
  private readonly path: string;

  constructor(
    place: ArchivePlace,
    private readonly disk: ArchiveDisk,
    private readonly checks: Checks,
    /** Bytes that are looked at: what is added later is not. */
    private readonly bytes: number,
  ) {
    this.name = `${partitionName(place.partition)}/${MANIFEST}`;
    this.path = manifestPath(place);
  }

  /** @throws Fault naming the first segment whose line cannot be read, or does not follow from the line before. */
  async *lines(): AsyncGenerator<{ line: ManifestLine; hash: string; number: number }, void, void> {
    let previous = MANIFEST_START;
    let number = 0;
    let nextSeq = 1;
    for await (const chunk of readSegmentLines({ path: this.path, isSealed: false }, { disk: this.disk, bytes: this.bytes })) {
      const batch: { line: ManifestLine; hash: string; number: number }[] = [];
      eachLine(chunk, (bytes) => {
        number++;
        const line = decodeManifestLine(bytes.toString('utf8'));
        const at = `${line?.firstSeq ?? nextSeq}-0`;
        if (!line) throw new Fault(at, `Line ${number} of ${this.name} cannot be read.`);
        if (this.checks('manifest') && line.previous !== previous)
          throw new Fault(
            line.kind === 'sealed' ? line.firstPosition : at,
            `Line ${number} of ${this.name} does not follow from the line before: one of them was changed.`,
          );
        const hash = manifestHash(bytes, sha256);
        previous = hash;
        if (line.kind === 'sealed') nextSeq = line.lastSeq + 1;
        batch.push({ line, hash, number });
      });
      yield* batch;
    }
  }

  /**
   * Goes over all lines once: every link, the line that the newest checkpoint names, and what later lines say of earlier
   * segments.
   *
   * @param anchor what the newest checkpoint names as the last line.
   */
  async survey(anchor: string): Promise<ManifestSurvey> {
    const survey = {
      pruned: new Map<number, SegmentPruned>(),
      sealed: new Set<number>(),
      isAnchored: anchor === MANIFEST_START,
      lastFact: '1-0',
    };
    let behind: { hash: string; kind: ManifestLine['kind'] }[] = [];
    for await (const { line, hash } of this.lines()) {
      if (line.kind === 'pruned') survey.pruned.set(line.firstSeq, line);
      else if (line.kind === 'sealed') {
        survey.sealed.add(line.firstSeq);
        survey.lastFact = line.firstPosition;
      }
      behind.push({ hash, kind: line.kind });
      if (hash !== anchor && survey.isAnchored) continue;
      if (hash === anchor) survey.isAnchored = true;
      behind = [];
    }
    return { ...survey, behind };
  }
}

export interface ManifestSurvey {
  /** By first seq: what retention did to a segment last. */
  readonly pruned: ReadonlyMap<number, SegmentPruned>;
  /** First seqs of all sealed segments. */
  readonly sealed: ReadonlySet<number>;
  /** The line that the checkpoint names is there. */
  readonly isAnchored: boolean;
  /** Lines behind that one. */
  readonly behind: readonly { readonly hash: string; readonly kind: ManifestLine['kind'] }[];
  /** Where the last sealed segment begins. */
  readonly lastFact: string;
}
