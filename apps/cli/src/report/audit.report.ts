import { listPartitions, readLogNote } from '@torch/archive';
import { type AuditReport, SYSTEM_PROJECT } from '@torch/contracts';
import { partitionOf } from '@torch/log';
import { CliError } from '../cli.errors';
import { EXIT } from '../exit-code';
import { ReportBuilder } from './report.builder';
import type { IntegrityCheck } from './report.integrity';
import type { ReportPeriod } from './report.period';
import { prunedSegments, readPeriod } from './report.source';

export interface ReportRequest {
  /** The archive's directory. */
  readonly dir: string;
  readonly project: string;
  readonly period: ReportPeriod;
  /** What the report gives as the time of its making, epoch ms. */
  readonly generatedAtMs: number;
  readonly rowsMax?: number;
  readonly checkIntegrity: IntegrityCheck;
  /** Told now and then how many records were read. */
  readonly onProgress?: (records: number) => void;
}

/**
 * What an archive says about a project in a period. The same archive, period and time of making give the same report. An
 * archive that does not hold gives one that says so.
 *
 * @throws CliError 1 when there is no archive in `dir`.
 */
export async function auditReport(request: ReportRequest): Promise<AuditReport> {
  const { dir, project, period, rowsMax, generatedAtMs } = request;
  const note = await readLogNote({ dir });
  if (!note) throw new CliError(EXIT.failed, 'no-archive', `There is no archive in ${dir}. Name one with --archive or TORCH_ARCHIVE_DIR.`);
  const partition = partitionOf(project, note.partitions);
  const builder = new ReportBuilder(project, rowsMax);
  const system = partitionOf(SYSTEM_PROJECT, note.partitions);
  const unread = await readInto(builder, request, partition, system);
  const partitions = (await listPartitions({ dir })).filter((archived) => archived === partition || archived === system);
  const integrity = await request.checkIntegrity({ dir, partitions });
  return builder.build({
    generatedAtMs,
    scope: { project, partition, partitions: note.partitions, logId: note.logId, ...period },
    integrity,
    unread,
  });
}

/** @returns why the archive could not be read to the end of the period; undefined when it could. */
async function readInto(builder: ReportBuilder, request: ReportRequest, own: number, system: number): Promise<string | undefined> {
  const { dir, period, onProgress } = request;
  const progress = progressOf(onProgress);
  try {
    for await (const record of readPeriod({ dir, partition: own }, period)) {
      progress();
      if (record === 'pruned') builder.takePruned();
      else builder.take(record);
    }
    for (const event of await prunedSegments({ dir, partition: own }, period)) builder.takeRetention(event);
    if (system === own) return undefined;
    for await (const record of readPeriod({ dir, partition: system }, period)) {
      progress();
      if (record !== 'pruned') builder.takeSystem(record);
    }
    return undefined;
  } catch (error) {
    return (error as Error).message; // An archive that does not hold is a finding, not a failure of the report.
  }
}

const RECORDS_A_NOTE = 50_000;

function progressOf(onProgress: ReportRequest['onProgress']): () => void {
  let records = 0;
  return () => {
    records++;
    if (records % RECORDS_A_NOTE === 0) onProgress?.(records);
  };
}
