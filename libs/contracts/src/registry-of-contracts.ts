import { invariant } from '@torch/kernel';
import { auditCommands } from './audit/audit.commands';
import { auditEvents } from './audit/audit.events';
import { auditQueries } from './audit/audit.queries';
import { retentionCommands } from './audit/retention.commands';
import { retentionEvents } from './audit/retention.events';
import { retentionQueries } from './audit/retention.queries';
import type { CommandContract, EventContract, QueryContract, ServiceName } from './contract';
import { hostEvents } from './host/host.events';
import { messagingCommands } from './messaging/messaging.commands';
import { messagingEvents } from './messaging/messaging.events';
import { messagingQueries } from './messaging/messaging.queries';
import { registryCommands } from './registry/registry.commands';
import { registryEvents } from './registry/registry.events';
import { registryQueries } from './registry/registry.queries';
import { schedulerCommands } from './scheduler/scheduler.commands';
import { schedulerEvents } from './scheduler/scheduler.events';
import { explainQueries } from './scheduler/explain.queries';
import { schedulerQueries } from './scheduler/scheduler.queries';
import { spawnerCommands } from './spawner/spawner.commands';
import { spawnerEvents } from './spawner/spawner.events';
import { spawnerQueries } from './spawner/spawner.queries';

/** Every event that the log may hold. */
export const EVENTS: readonly EventContract[] = [
  ...registryEvents,
  ...schedulerEvents,
  ...spawnerEvents,
  ...messagingEvents,
  ...auditEvents,
  ...retentionEvents,
  ...hostEvents,
];
const commands = [
  ...registryCommands,
  ...schedulerCommands,
  ...spawnerCommands,
  ...messagingCommands,
  ...auditCommands,
  ...retentionCommands,
];
export const COMMANDS: readonly CommandContract[] = commands;
const queries = [
  ...registryQueries,
  ...schedulerQueries,
  ...explainQueries,
  ...spawnerQueries,
  ...messagingQueries,
  ...auditQueries,
  ...retentionQueries,
];
export const QUERIES = queries as readonly QueryContract[];

type ByName<Contract extends { readonly type: string }> = {
  readonly [Type in Contract['type']]: Extract<Contract, { readonly type: Type }>;
};

const byName = <Contract extends { readonly type: string }>(contracts: readonly Contract[]): ByName<Contract> =>
  Object.fromEntries(contracts.map((contract) => [contract.type, contract])) as ByName<Contract>;

/** Contracts by name, each with the types of its data and answer: `Commands.SubmitRun`, `Queries.GetTask`. */
export const Commands = byName(commands);
export const Queries = byName(queries);

const eventsByType = byType(EVENTS);
const commandsByType = byType(COMMANDS);
const queriesByType = byType(QUERIES);

export const eventContract = (type: string): EventContract | undefined => eventsByType.get(type);
export const commandContract = (type: string): CommandContract | undefined => commandsByType.get(type);
export const queryContract = (type: string): QueryContract | undefined => queriesByType.get(type);

/** The types of all commands that one service decides, for its transport handler. */
export const commandTypesOf = (service: ServiceName): string[] =>
  COMMANDS.filter((contract) => contract.service === service).map(({ type }) => type);

function byType<C extends { type: string }>(contracts: readonly C[]): ReadonlyMap<string, C> {
  const found = new Map(contracts.map((contract) => [contract.type, contract]));
  invariant(found.size === contracts.length, 'Two contracts have the same type.');
  return found;
}
