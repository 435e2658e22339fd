import type { HostEvent } from '@torch/contracts';
import { Rejection } from '@torch/kernel';

/** Why and since when a service decides nothing for a project. It is folded from the log, so that all owners and replays agree. */
export interface Suspension {
  readonly incidentId: string;
  readonly sinceMs: number;
  /** Reactions to commits of other services from this seq on have still to be made up for. */
  readonly fromSeq: number;
  /** False while the state is being built again; true until somebody releases the project. */
  readonly quarantined: boolean;
}

/** Undefined: the service decides for the project. */
export function suspensionAfter(before: Suspension | undefined, { type, data }: HostEvent): Suspension | undefined {
  switch (type) {
    case 'incident.recorded':
      if (data.suspendedFromSeq === undefined) return before;
      return before ?? { incidentId: data.incidentId, sinceMs: data.recordedAtMs, fromSeq: data.suspendedFromSeq, quarantined: false };
    case 'project.quarantined':
      return before && { ...before, incidentId: data.incidentId, quarantined: true };
    case 'project.release-requested':
      return before && { ...before, quarantined: false };
    case 'project.released':
      return undefined;
  }
}

/** What commands of a suspended project are answered. It is not kept under their id: they may be sent again. */
export const quarantined = (project: string, service: string): Rejection =>
  new Rejection(
    'project-quarantined',
    `The rules of ${service} have failed for project "${project}", and it decides nothing for it. "torch status" names the incident; ` +
      `"torch project release ${project}" tries again.`,
  );
