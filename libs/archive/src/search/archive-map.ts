import type { SegmentSealed } from '@torch/domain-audit';
import type { ArchiveDisk } from '../archive-disk';
import type { ArchivePlace, SegmentFile } from '../archive.layout';
import { readManifest } from '../manifest.reader';
import { listSegments } from '../segment-list';
import type { CompiledFilter } from './event-filter';

/** A segment, and what the manifest says of it when it is sealed. */
export interface MappedSegment {
  readonly file: SegmentFile;
  readonly sealed: SegmentSealed | undefined;
}

/** The segments of a partition as they were when this was read. */
export class ArchiveMap {
  private constructor(readonly segments: readonly MappedSegment[]) {}

  static async read(place: ArchivePlace, disk: ArchiveDisk): Promise<ArchiveMap> {
    const files = await listSegments(place, disk);
    const { lines, sealed } = await readManifest(place, disk);
    // What was in a segment before retention emptied records of it still counts: they may be what is looked for.
    const projects = new Map(lines.flatMap((line) => (line.kind === 'sealed' ? [[line.firstSeq, line.projects] as const] : [])));
    const facts = new Map(
      sealed.map((fact): [number, SegmentSealed] => [fact.firstSeq, { ...fact, projects: projects.get(fact.firstSeq) ?? [] }]),
    );
    return new ArchiveMap(files.map((file) => ({ file, sealed: file.isSealed ? facts.get(file.firstSeq) : undefined })));
  }

  /** The segment that has `seq` when any has. */
  segmentWith(seq: number): MappedSegment | undefined {
    return this.segments.findLast(({ file }) => file.firstSeq <= seq);
  }
}

/** False when nothing in the segment can fit, as far as the manifest tells: its projects and its times. */
export function manifestFits({ projects, fromMs, toMs }: SegmentSealed, { filter }: CompiledFilter): boolean {
  const { project, fromMs: wantedFromMs = -Infinity, toMs: wantedToMs = Infinity } = filter;
  return (project === undefined || projects.includes(project)) && toMs >= wantedFromMs && fromMs < wantedToMs;
}
