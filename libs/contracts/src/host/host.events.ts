import type { EventEnvelope } from '@torch/kernel';
import { HOST, SERVICE_NAMES, type EventContract, type ServiceName } from '../contract';
import { AtMs, type ContractClass, Id, OneOf, Optional, Text, Whole } from '../field';

/** What a service was doing for a project when its rules failed by something that is no refusal. */
export const INCIDENT_STAGES = ['command', 'own-command', 'reaction', 'timer', 'settling', 'evolving', 'release'] as const;
export type IncidentStage = (typeof INCIDENT_STAGES)[number];

/**
 * The rules of a service failed for one project, by a mistake in them. The command that led to it is answered as `internal`, and
 * has changed nothing. It never says what the command held: the log of the service has the error under this id.
 */
export class IncidentRecorded {
  @Id() incidentId!: string;
  @OneOf(SERVICE_NAMES) service!: ServiceName;
  @OneOf(INCIDENT_STAGES) stage!: IncidentStage;
  /** Type of the command, or of the event, that was being decided or taken in. */
  @Optional() @Text({ max: 128 }) inputType?: string;
  /** Name or code of the error. */
  @Text({ max: 64 }) code!: string;
  /** Function and line of the program where it was thrown. */
  @Optional() @Text({ max: 200 }) place?: string;
  /**
   * Set where the state in memory is in doubt: the service decides nothing for the project until it has built the state again from the
   * log. Reactions to other services' commits from this seq on are made up for then.
   */
  @Optional() @Whole({ min: 1 }) suspendedFromSeq?: number;
  @AtMs() recordedAtMs!: number;
}

/** The rules failed again on a state that was built anew: the service decides nothing for the project until somebody releases it. */
export class ProjectQuarantined {
  @OneOf(SERVICE_NAMES) service!: ServiceName;
  @Id() incidentId!: string;
  @AtMs() quarantinedAtMs!: number;
}

/** Somebody asks the service to try the project again, after an upgrade for one. It is released, or quarantined again. */
export class ProjectReleaseRequested {
  @OneOf(SERVICE_NAMES) service!: ServiceName;
  @AtMs() requestedAtMs!: number;
}

/** The state is that of the log again, what was missed is made up for, and the service decides for the project as before. */
export class ProjectReleased {
  @OneOf(SERVICE_NAMES) service!: ServiceName;
  @AtMs() releasedAtMs!: number;
}

const event = <Type extends string, Data extends object>(type: Type, data: ContractClass<Data>): EventContract<Type, Data> => ({
  kind: 'event',
  type,
  v: 1,
  service: HOST,
  data,
  upcasters: [],
});

/** What every service's host may write into its own commits, beside what the service's rules decide. */
export const hostEvents = [
  event('incident.recorded', IncidentRecorded),
  event('project.quarantined', ProjectQuarantined),
  event('project.release-requested', ProjectReleaseRequested),
  event('project.released', ProjectReleased),
] as const;

export type HostEvent =
  | EventEnvelope<'incident.recorded', IncidentRecorded>
  | EventEnvelope<'project.quarantined', ProjectQuarantined>
  | EventEnvelope<'project.release-requested', ProjectReleaseRequested>
  | EventEnvelope<'project.released', ProjectReleased>;
