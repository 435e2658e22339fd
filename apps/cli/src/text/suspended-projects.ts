import type { StatusView } from '@torch/agent';
import { dateTime } from './format';

/** A line for each project that a service decides nothing for, with the way out. */
export function suspendedLines(services: StatusView['services']): string[] {
  return services.flatMap(({ service, partitions }) =>
    partitions.flatMap((owner) => {
      if ('missing' in owner) return [];
      const { suspended = [], suspendedCount = suspended.length } = owner;
      const lines = suspended.map(({ project, incidentId, sinceMs, quarantined }) =>
        quarantined
          ? `Project ${project} is QUARANTINED by ${service} since ${dateTime(sinceMs)} (incident ${incidentId}): torch project release ${project}`
          : `Project ${project} is being recovered by ${service} (incident ${incidentId}).`,
      );
      const more = suspendedCount - suspended.length;
      return more > 0 ? [...lines, `${more} more projects are suspended by ${service} on partition ${owner.partition}.`] : lines;
    }),
  );
}
