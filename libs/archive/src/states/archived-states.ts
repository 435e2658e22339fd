import { join } from 'node:path';
import { type Position, parsePosition, formatPosition } from '@torch/log';
import { type ArchiveDisk, type FencedDisk, unfinishedPath } from '../archive-disk';
import { ArchiveBroken } from '../archive.errors';
import { type ArchivePlace, partitionDir } from '../archive.layout';
import { eachLine, readSegmentLines } from '../segment-lines.reader';
import { writeGzip } from '../segment.sealer';

/** A service's state as of a position: what the log server keeps as its snapshot. */
export interface ArchivedState {
  readonly service: string;
  /** What is behind it is read again. */
  readonly position: Position;
  /** The log must have this one for the state to be used. */
  readonly seen: Position;
}

/** A cache value under its name. */
export type StateEntry = readonly [name: string, value: string];

const NAME = /^state-([\w-]+)\.ndjson\.gz$/;
/** A longer value goes into several lines of its name. */
const LINE_CHARS_MAX = 1024 * 1024;

export const stateFileName = (service: string): string => `state-${service}.ndjson.gz`;
export const isStateFile = (name: string): boolean => NAME.test(name);

/** Replaces the service's state once the new one is durable. */
export async function writeState(
  place: ArchivePlace,
  disk: FencedDisk,
  { service, position, seen, entries }: ArchivedState & { readonly entries: () => AsyncIterable<StateEntry> },
): Promise<void> {
  const dir = partitionDir(place);
  const path = join(dir, stateFileName(service));
  const unfinished = unfinishedPath(path, disk);
  async function* chunks(): AsyncGenerator<Buffer, void, void> {
    yield lineOf({ format: 1, service, position: formatPosition(position), seen: formatPosition(seen) });
    for await (const [name, value] of entries()) {
      for (let at = 0; at < Math.max(1, value.length); at += LINE_CHARS_MAX) yield lineOf([name, value.slice(at, at + LINE_CHARS_MAX)]);
    }
  }
  const file = await disk.openToWrite(unfinished);
  try {
    await file.truncate(0);
    await writeGzip(chunks, file);
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(unfinished, path);
  await disk.syncDir(dir);
}

/** What there is of each service. @throws ArchiveBroken */
export async function listStates(place: ArchivePlace, disk: ArchiveDisk): Promise<readonly ArchivedState[]> {
  const states: ArchivedState[] = [];
  for (const name of (await disk.list(partitionDir(place))).filter(isStateFile))
    states.push(await stateOf(join(partitionDir(place), name), disk));
  return states;
}

/** All of a state, in the order in which it was written. @throws ArchiveBroken */
export async function* stateEntries(
  place: ArchivePlace,
  disk: ArchiveDisk,
  { service }: Pick<ArchivedState, 'service'>,
): AsyncGenerator<StateEntry, void, void> {
  let pending: { name: string; parts: string[] } | undefined;
  let isHead = true;
  for await (const line of linesOf(join(partitionDir(place), stateFileName(service)), disk)) {
    if (isHead) {
      isHead = false;
      continue;
    }
    const [name, part] = JSON.parse(line) as StateEntry;
    if (pending?.name === name) pending.parts.push(part);
    else {
      if (pending) yield [pending.name, pending.parts.join('')];
      pending = { name, parts: [part] };
    }
  }
  if (pending) yield [pending.name, pending.parts.join('')];
}

async function stateOf(path: string, disk: ArchiveDisk): Promise<ArchivedState> {
  for await (const line of linesOf(path, disk)) {
    const { format, service, position, seen } = JSON.parse(line) as Record<string, unknown>;
    if (format !== 1) throw new ArchiveBroken(`${path} has format ${String(format)}; this program reads format 1.`);
    return { service: String(service), position: parsePosition(String(position)), seen: parsePosition(String(seen)) };
  }
  throw new ArchiveBroken(`${path} is empty: it must begin with the service whose state it is.`);
}

async function* linesOf(path: string, disk: ArchiveDisk): AsyncGenerator<string, void, void> {
  for await (const buffer of readSegmentLines({ path, isSealed: true }, { disk })) {
    const lines: string[] = [];
    eachLine(buffer, (line) => void lines.push(line.toString('utf8')));
    yield* lines;
  }
}

const lineOf = (value: unknown): Buffer => Buffer.from(`${JSON.stringify(value)}\n`, 'utf8');
