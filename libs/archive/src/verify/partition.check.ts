import { join } from 'node:path';
import { type Checkpoint, MANIFEST_START, positionOf, type SegmentPruned, type SegmentSealed, type VerifierKey } from '@torch/domain-audit';
import { type ArchiveDisk, readWhole } from '../archive-disk';
import {
  type ArchivePlace,
  CHECKPOINT,
  checkpointPath,
  MANIFEST,
  manifestPath,
  openSegmentName,
  partitionDir,
  partitionName,
  sealedSegmentName,
  segmentsAmong,
} from '../archive.layout';
import { outlineCommit } from '../commit-outline';
import { type ManifestSurvey, ManifestWalk } from './manifest.walk';
import { RecordWalk } from './record-walk';
import { checkSealed, walkSegment } from './segment.check';
import { openCheckpoint } from './trusted-checkpoints';
import { type Checks, Fault, nextPosition, type PartitionProof } from './verdict';

export interface PartitionCheck extends ArchivePlace {
  readonly logId: string;
  readonly keys: readonly VerifierKey[];
  readonly disk: ArchiveDisk;
  readonly checks: Checks;
  /** Told after each piece of a file: its size, and how many sound records and events there are so far. */
  readonly onRead: (bytes: number, soFar: { readonly records: number; readonly events: number }) => void;
}

/** Checks everything that a partition's directory holds, as of when it began. */
export async function checkPartition(request: PartitionCheck): Promise<PartitionProof> {
  const walk = new PartitionWalk(request);
  try {
    await walk.run();
    return walk.proof();
  } catch (error) {
    if (error instanceof Fault) return walk.proof(error);
    throw error;
  }
}

class PartitionWalk {
  private walk: RecordWalk;
  /** What the newest checkpoint names as the manifest's last line. */
  private anchor = MANIFEST_START;
  private readonly name: string;
  private readonly dir: string;
  private events = 0;

  constructor(private readonly request: PartitionCheck) {
    this.walk = RecordWalk.fromTheStart(request.checks);
    this.name = partitionName(request.partition);
    this.dir = partitionDir(request);
  }

  proof(fault?: Fault): PartitionProof {
    const { head, frontier, records, pruned, checkpointsVerified, signedSeq } = this.walk;
    return {
      partition: this.request.partition,
      ok: fault === undefined,
      records,
      events: this.events,
      pruned,
      lastPosition: positionOf(head),
      head: head.hash,
      root: frontier.root(),
      checkpointsVerified,
      signedSeq,
      ...(fault && { badPosition: fault.position, problem: fault.message }),
    };
  }

  /** Names are looked at first and the manifest after them: what is sealed in between is in both its forms or in the manifest. */
  async run(): Promise<void> {
    const { request, name } = this;
    const names = await request.disk.list(this.dir);
    if (names.length === 0) throw new Fault('1-0', `The directory ${name} is missing, or empty.`);
    const newest = await this.newestCheckpoint();
    if (newest?.checkpoint) this.walk.expect({ checkpoint: newest.checkpoint, from: `${name}/${CHECKPOINT}` });
    const manifest = await this.manifest();
    this.anchor = newest?.checkpoint?.manifest ?? MANIFEST_START;
    let survey = await manifest.survey(this.anchor);
    if (request.checks('manifest') && newest?.checkpoint && !survey.isAnchored)
      throw new Fault(
        survey.lastFact,
        `${name}/${MANIFEST} does not have the line that ${name}/${CHECKPOINT} names as its last: it was changed or cut off.`,
      );
    this.assertListed(names, survey);
    for await (const { line } of manifest.lines()) {
      if (line.kind === 'sealed') survey = await this.sealedOrPruned(line, survey, names);
    }
    await this.open(names, survey);
    const { walk } = this;
    walk.end();
    const isMissed = newest ? !newest.checkpoint : survey.sealed.size > 0;
    if (isMissed)
      throw new Fault(
        `${walk.signedSeq + 1}-${walk.head.generation}`,
        `${name}/${CHECKPOINT} ${newest ? `is not to be trusted. ${newest.problem}` : 'is missing.'}`,
      );
    await this.assertPruningSigned(survey);
  }

  private async newestCheckpoint(): Promise<{ checkpoint?: Checkpoint; problem?: string } | undefined> {
    const note = await readWhole(this.request.disk, checkpointPath(this.request));
    return note && this.trusted(note.toString('utf8'));
  }

  private trusted(note: string): { checkpoint?: Checkpoint; problem?: string } {
    const { request } = this;
    const opened = openCheckpoint(note, { ...request, isSignatureChecked: request.checks('signature') });
    return 'problem' in opened ? opened : { checkpoint: opened };
  }

  private async manifest(): Promise<ManifestWalk> {
    const { disk, checks } = this.request;
    const file = await disk.openToRead(manifestPath(this.request));
    const bytes = (await file?.size()) ?? 0;
    await file?.close();
    return new ManifestWalk(this.request, disk, checks, bytes);
  }

  /** A sealed file that the manifest does not name belongs there only while the open one is still beside it. */
  private assertListed(names: readonly string[], { sealed }: ManifestSurvey): void {
    const extra = segmentsAmong(this.request, names).find(({ isSealed, firstSeq }) => isSealed && !sealed.has(firstSeq));
    if (extra)
      throw new Fault(`${extra.firstSeq}-0`, `${this.name}/${extra.name} is there, but ${this.name}/${MANIFEST} does not name it.`);
  }

  /** Retention may have pruned the segment since the check began: then it is checked as it is now. */
  private async sealedOrPruned(fact: SegmentSealed, survey: ManifestSurvey, names: readonly string[]): Promise<ManifestSurvey> {
    const [before, events] = [this.walk.fork(), this.events];
    const known = survey.pruned.get(fact.firstSeq);
    try {
      await this.sealed(fact, known, names);
      return survey;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      const { pruned, behind } = await (await this.manifest()).survey(this.anchor);
      const since = pruned.get(fact.firstSeq);
      if (since?.sha256 === known?.sha256) throw error;
      this.walk = before;
      this.events = events;
      await this.sealed(fact, since, names);
      return { ...survey, pruned, behind };
    }
  }

  private async sealed(fact: SegmentSealed, pruned: SegmentPruned | undefined, names: readonly string[]): Promise<void> {
    const { walk, name, dir } = this;
    const fileName = sealedSegmentName(fact.firstSeq);
    const leftover = openSegmentName(fact.firstSeq);
    const side = names.includes(leftover) ? walk.fork() : undefined;
    const { checkpoint, problem } = this.trusted(fact.checkpoint);
    if (!checkpoint)
      throw new Fault(fact.lastPosition, `The checkpoint in the line of ${name}/${fileName} is not to be trusted. ${problem ?? ''}`);
    if (checkpoint.size < fact.lastSeq)
      throw new Fault(
        fact.lastPosition,
        `The checkpoint in the line of ${name}/${fileName} ends with ${positionOf(checkpoint.head)}, before the segment does.`,
      );
    const { seq } = walk.head;
    walk.expect({ checkpoint, from: `the line of ${name}/${fileName}` });
    await checkSealed(
      { path: join(dir, fileName), name: `${name}/${fileName}`, fact, pruned },
      { ...this.request, walk, onRead: this.onRead },
    );
    this.events += fact.events;
    if (side) await this.assertSame(side, join(dir, leftover), fact);
    if (walk.head.seq === seq) throw new Fault(nextPosition(walk.head), `${name}/${fileName} holds no records.`);
  }

  /** The open form of a sealed segment is on its way out. Readers still prefer it, so it must not differ. */
  private async assertSame(side: RecordWalk, path: string, fact: SegmentSealed): Promise<void> {
    const bytes = await walkSegment({ path, isSealed: false }, { ...this.request, walk: side, onRead: this.onRead });
    if (bytes !== undefined && (side.head.hash !== fact.head || bytes !== fact.bytes))
      throw new Fault(fact.firstPosition, `${path} is beside its sealed form, and differs from it.`);
  }

  private async open(names: readonly string[], { sealed }: ManifestSurvey): Promise<void> {
    const { walk, name, request } = this;
    for (const segment of segmentsAmong(request, names)) {
      if (segment.isSealed || sealed.has(segment.firstSeq)) continue;
      if (request.checks('place') && segment.firstSeq !== walk.head.seq + 1)
        throw new Fault(nextPosition(walk.head), `${name}/${segment.name} begins behind records that are in no segment.`);
      const onRecord: Parameters<typeof walkSegment>[1]['onRecord'] = (record) => {
        const { body } = record;
        if (!body) throw new Fault(positionOf(record), 'Its content is gone, and retention removes none before a segment is sealed.');
        this.events += outlineCommit(body).events;
      };
      const parts = { ...request, walk, onRead: this.onRead, onRecord };
      const isThere = (await walkSegment(segment, parts)) ?? (await this.sealedMeanwhile(segment.firstSeq, parts));
      if (isThere === undefined) throw new Fault(nextPosition(walk.head), `${name}/${segment.name} was taken away while it was checked.`);
    }
  }

  private sealedMeanwhile(firstSeq: number, parts: Parameters<typeof walkSegment>[1]): Promise<number | undefined> {
    return walkSegment({ path: join(this.dir, sealedSegmentName(firstSeq)), isSealed: true }, parts);
  }

  /** What was removed must be covered by a signature; one that came a moment after the check began is seen as well. */
  private async assertPruningSigned({ behind, pruned }: ManifestSurvey): Promise<void> {
    const last = behind.findLastIndex(({ kind }) => kind === 'pruned');
    if (last < 0 || !this.request.checks('manifest')) return;
    const anchor = (await this.newestCheckpoint())?.checkpoint?.manifest;
    if (behind.findIndex(({ hash }) => hash === anchor) >= last) return;
    throw new Fault(
      `${Math.min(...pruned.keys())}-0`,
      `${this.name}/${MANIFEST} tells of content that was removed, and no checkpoint was signed since.`,
    );
  }

  private readonly onRead = (bytes: number): void => {
    this.request.onRead(bytes, { records: this.walk.records, events: this.events });
  };
}
