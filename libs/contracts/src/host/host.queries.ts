import { AtMs, Flag, Id, ListOf, OneOf, Optional, ProjectName, Text, Whole } from '../field';
import { SERVICE_NAMES, type QueryContract, type ServiceName } from '../contract';

/** Answered by every owner, whatever its service: what state it has of a project. */
export class GetDigest {}

export class StateDigest {
  /** SHA-256 of the canonical JSON of the project's state, hex. */
  @Text({ min: 64, max: 64 }) digest!: string;
  /** The last commit of the service itself that the state holds, and the last seq whose foreign events it holds. */
  @Whole() ownSeq!: number;
  @Whole() foreignSeq!: number;
}

/** Answered by every owner: how it is doing on its partition. */
export class GetOwner {}

/** A project that a service decides nothing for: its rules failed on it. */
export class SuspendedProject {
  @ProjectName() project!: string;
  /** Of the incident that led to it; the service's log has the error under it. */
  @Id() incidentId!: string;
  @AtMs() sinceMs!: number;
  /** False while its state is being built again; true until somebody releases it. */
  @Flag() quarantined!: boolean;
}

/** Suspended projects that one answer names; how many there are is said beside. */
export const SUSPENDED_NAMED_MAX = 100;

export class OwnerView {
  @OneOf(SERVICE_NAMES) service!: ServiceName;
  @Whole() partition!: number;
  @Id() holder!: string;
  @Whole() epoch!: number;
  @Whole() ownSeq!: number;
  @Whole() headSeq!: number;
  @Flag() catchingUp!: boolean;
  @Optional() @Whole() commandsDecided?: number;
  /** The last entry of its command queue of which every command has been decided, `<ms>-<n>`. */
  @Optional() @Text({ min: 3, max: 41 }) decidedThrough?: string;
  /** Of all suspended projects, how many, and the first of them. */
  @Optional() @Whole() suspendedCount?: number;
  @Optional() @ListOf(() => SuspendedProject, { max: SUSPENDED_NAMED_MAX }) suspended?: SuspendedProject[];
}

/** Queries that go to the owner of any service; the caller names which. */
export const hostQueries = {
  getDigest: (service: ServiceName): QueryContract<'GetDigest', GetDigest, StateDigest> => ({
    kind: 'query',
    type: 'GetDigest',
    service,
    data: GetDigest,
    answer: StateDigest,
  }),
  getOwner: (service: ServiceName): QueryContract<'GetOwner', GetOwner, OwnerView> => ({
    kind: 'query',
    type: 'GetOwner',
    service,
    data: GetOwner,
    answer: OwnerView,
  }),
} as const;
