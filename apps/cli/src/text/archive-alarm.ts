import type { StatusView } from '@torch/agent';
import { duration } from './format';

/** A line for each partition whose archive fails; none while everything is archived as it should be. */
export function archiveAlarms(archive: StatusView['archive'], nowMs: number): string[] {
  return (archive ?? []).flatMap(({ partition, lagCommits, failing }) => {
    if (!failing) return [];
    const { activity, code, message, sinceMs } = failing;
    const lag = activity === 'append' ? `, ${lagCommits} commits behind` : '';
    return [`ARCHIVE FAILS on partition ${partition} (${activity}, ${code}) for ${duration(nowMs - sinceMs)}${lag}: ${message}`];
  });
}
