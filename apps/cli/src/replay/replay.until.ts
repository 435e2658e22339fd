import type { ServiceName } from '@torch/contracts';
import { formatPosition } from '@torch/log';
import type { CliContext } from '../cli-context';
import { CliError } from '../cli.errors';
import { EXIT } from '../exit-code';
import { type History, withHistory } from '../history/history';
import { foldAt, prunedNote } from '../history/history.fold';
import { pointAt } from '../history/history.point';
import { DECIDERS } from './deciders';
import { progressNote } from './replay.check';

/** The state of a project at a point of its history, as digests. */
export interface ReplayedReport {
  readonly project: string;
  readonly partition: number;
  readonly position: string;
  /** ISO 8601; absent when retention has removed that commit. */
  readonly recordedAt?: string;
  readonly source: History['source'];
  readonly services: readonly { readonly service: ServiceName; readonly digest: string; readonly known: boolean }[];
}

/**
 * Rebuilds a project's state in every service up to a point, from the history alone.
 *
 * @throws CliError 1 when the point is outside of the history, or nothing had happened in the project by then.
 */
export async function replayUntil(
  context: CliContext,
  { until, archive }: { readonly until?: string; readonly archive?: string },
): Promise<ReplayedReport> {
  return withHistory(context, { archive }, async (history) => {
    const { project, partition, source } = history;
    const point = await pointAt(history, until);
    const services = [];
    for (const service of Object.keys(DECIDERS) as ServiceName[]) {
      const { digest, isKnown } = await foldAt(history, service, point, progressNote(context, service, point.position.seq));
      services.push({ service, digest, known: isKnown });
    }
    const position = formatPosition(point.position);
    const pruned = prunedNote(history);
    if (pruned !== undefined) context.note(pruned);
    if (!services.some(({ known }) => known))
      throw new CliError(
        EXIT.failed,
        'unknown-project',
        `Nothing has happened in project ${project} by ${position}. Name another one with --project.`,
      );
    const recordedAt = point.recordedAtMs === undefined ? undefined : new Date(point.recordedAtMs).toISOString();
    return { project, partition, position, recordedAt, source, services };
  });
}
