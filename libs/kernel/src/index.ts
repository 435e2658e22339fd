export { canonicalJson } from './canonical-json';
export type { AnyCommand, Actor } from './command';
export type { DecisionContext, Decider, NewEvent, SnapshotFormat } from './decider';
export type { AnyEvent, EventEnvelope } from './event';
export { InvariantViolation, invariant, unreachable } from './invariant';
export { jsonBytes } from './json-bytes';
export { MinHeap } from './min-heap';
export { type EncodedReports, RecentReports, type ReportLimits, type ReportVerdict } from './recent-reports';
export { Rejection } from './rejection';
