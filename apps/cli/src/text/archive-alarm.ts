import type { StatusView } from '@torch/agent';
import { duration } from './format';

/** How much of the log is archived; undefined where nobody archives. */
export function archiveLine(archive: StatusView['archive'] = []): string | undefined {
  if (archive.length === 0) return undefined;
  const open = archive.filter(({ isOpen }) => isOpen).length;
  const behind = archive.reduce((sum, { lagCommits }) => sum + lagCommits, 0);
  return `Archive: ${open} of ${archive.length} partitions, ${behind === 0 ? 'nothing' : `${behind} commits`} behind the log.`;
}

/** A line for each partition whose archive fails; none while everything is archived as it should be. */
export function archiveAlarms(archive: StatusView['archive'], nowMs: number): string[] {
  return (archive ?? []).flatMap(({ partition, lagCommits, failing }) => {
    if (!failing) return [];
    const { activity, code, message, sinceMs } = failing;
    const lag = activity === 'append' ? `, ${lagCommits} commits behind` : '';
    return [`ARCHIVE FAILS on partition ${partition} (${activity}, ${code}) for ${duration(nowMs - sinceMs)}${lag}: ${message}`];
  });
}
