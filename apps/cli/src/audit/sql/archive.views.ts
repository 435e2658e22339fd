import { partitionDir, type ArchivePlace, listPartitions, listSegments, type SegmentFile } from '@torch/archive';
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';

/** The segments that the views are made over, as they are when the database is opened. */
export interface ArchiveFiles {
  /** Absolute, without links. */
  readonly dir: string;
  readonly segments: readonly (SegmentFile & { readonly partition: number })[];
}

export async function archiveFiles(given: string): Promise<ArchiveFiles> {
  const dir = await realpath(given);
  const byPartition = await Promise.all(
    (await listPartitions({ dir })).map(async (partition) => {
      const place: ArchivePlace = { dir, partition };
      return (await listSegments(place)).map((segment) => ({ ...segment, partition, path: join(partitionDir(place), segment.name) }));
    }),
  );
  return { dir, segments: byPartition.flat() };
}

const EVENT = [
  'type VARCHAR',
  'v INTEGER',
  'subject VARCHAR',
  'project VARCHAR',
  'actor VARCHAR',
  '"correlationId" VARCHAR',
  '"causationId" VARCHAR',
  'traceparent VARCHAR',
  'data JSON',
].join(', ');
const COMMIT = `STRUCT(service VARCHAR, epoch BIGINT, "recordedAtMs" BIGINT, events STRUCT(${EVENT})[])`;
const COLUMNS = `{position: 'VARCHAR', hash: 'VARCHAR', leaf: 'VARCHAR', "commit": '${COMMIT}'}`;
/** Longest line of a segment, and more. */
const LINE_BYTES_MAX = 16 * 1024 * 1024;

export const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** Statements that make the views `commits` and `events`. */
export function viewStatements({ segments }: ArchiveFiles): string[] {
  const sealed = segments.filter(({ isSealed }) => isSealed);
  const open = segments.filter(({ isSealed }) => !isSealed);
  // The last line of an open segment may still be on its way; every line of a sealed one must be whole.
  const sources = [...(sealed.length > 0 ? [lines(sealed, 'false')] : []), ...(open.length > 0 ? [lines(open, 'true')] : [])];
  const records = sources.length > 0 ? sources.join(' UNION ALL ') : NO_LINES;
  return [
    `CREATE VIEW records AS
      SELECT regexp_extract(filename, 'p(\\d+)[/\\\\][^/\\\\]+$', 1)::INTEGER AS partition, split_part(position, '-', 1)::BIGINT AS seq,
        split_part(position, '-', 2)::INTEGER AS generation, position, hash, leaf, "commit"
      FROM (${records}) WHERE position IS NOT NULL`,
    `CREATE VIEW commits AS
      SELECT partition, seq, generation, position, "commit".service AS service, "commit".epoch AS epoch,
        make_timestamp("commit"."recordedAtMs" * 1000) AS recorded_at, len("commit".events) AS events, hash, leaf IS NOT NULL AS pruned
      FROM records`,
    `CREATE VIEW events AS
      SELECT partition, seq, generation, index, position, event.type AS type, event.v AS v, event.subject AS subject,
        event.project AS project, event.actor AS actor, event."correlationId" AS correlation_id,
        event."causationId" AS causation_id, time, event.data AS data
      FROM (SELECT partition, seq, generation, position, make_timestamp("commit"."recordedAtMs" * 1000) AS time,
        unnest("commit".events) AS event, generate_subscripts("commit".events, 1) - 1 AS index FROM records)`,
  ];
}

const lines = (segments: ArchiveFiles['segments'], ignoreErrors: string): string =>
  `SELECT * FROM read_json([${segments.map(({ path }) => quoted(path)).join(', ')}], format = 'newline_delimited', columns = ${COLUMNS},
    filename = true, ignore_errors = ${ignoreErrors}, maximum_object_size = ${LINE_BYTES_MAX})`;

const NO_LINES = `SELECT NULL::VARCHAR AS position, NULL::VARCHAR AS hash, NULL::VARCHAR AS leaf, NULL::${COMMIT} AS "commit", '' AS filename WHERE false`;
