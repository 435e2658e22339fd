export * from './audit/archive.queries';
export * from './audit/audit.commands';
export * from './audit/audit.events';
export * from './audit/audit.queries';
export * from './audit/history.queries';
export * from './audit/report';
export * from './audit/retention.commands';
export * from './audit/retention.events';
export * from './audit/retention.queries';
export * from './audit/report-rows';
export * from './contract';
export { DURATION_PATTERN, durationMs } from './duration';
export {
  type ContractClass,
  Describe,
  Duration,
  EnvMap,
  type FieldSchema,
  fieldsOf,
  Flag,
  Id,
  ID_PATTERN,
  Ids,
  ListOf,
  Name,
  NAME_PATTERN,
  Names,
  Nested,
  OneOf,
  Optional,
  PROJECT_PATTERN,
  ProjectName,
  SEALED_PATTERN,
  Sensitive,
  SKILL_PATTERN,
  Text,
  Verbatim,
  Whole,
} from './field';
export { closureOf, type JsonSchema, objectSchema, type RefPrefix, schemaDocument } from './json-schema';
export * from './host/host.commands';
export * from './host/host.events';
export * from './host/host.queries';
export * from './messaging/access.events';
export * from './messaging/messaging.commands';
export * from './messaging/messaging.events';
export * from './messaging/messaging.queries';
export { momentMs } from './moment';
export * from './plan/plan';
export * from './plan/plan.task';
export { planTaskOf, type TaskSurroundings, taskSpecOf } from './plan/plan-task.mapping';
export { type PlanProblem, planProblems, taskProblems } from './plan/plan.rules';
export { admittedData, assertNoSecret, redactedData, secretProblems } from './redaction/contract.redaction';
export { holdsSensitive, mapSensitive } from './sensitive';
export { skillLevel } from './skill-level';
export { maskText, redactText } from './redaction/secret.redaction';
export * from './registry-of-contracts';
export * from './registry/registry.commands';
export * from './registry/registry.events';
export * from './registry/registry.queries';
export * from './scheduler/scheduler.commands';
export * from './scheduler/scheduler.events';
export * from './scheduler/scheduler.queries';
export * from './scheduler/approvals.contracts';
export * from './scheduler/attempt.shapes';
export * from './scheduler/budgets.contracts';
export * from './scheduler/claims.contracts';
export * from './scheduler/explain.queries';
export * from './scheduler/limits.contracts';
export * from './scheduler/schedules.contracts';
export * from './scheduler/task-options';
export * from './scheduler/task-spec';
export * from './registry/conflicts.contracts';
export * from './registry/context.contracts';
export * from './spawner/pool-spec';
export * from './spawner/spawner.commands';
export * from './spawner/spawner.events';
export * from './spawner/spawner.queries';
export { upcast } from './upcast';
export { assertFits, type FieldProblem, fieldProblem, fieldProblems } from './validate';
export { DURABILITIES, type Durability } from './durability';
