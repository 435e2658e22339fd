import {
  auditQueries,
  explainQueries,
  messagingCommands,
  messagingQueries,
  registryCommands,
  registryQueries,
  retentionCommands,
  retentionQueries,
  schedulerCommands,
  schedulerQueries,
  spawnerCommands,
  spawnerQueries,
} from '@torch/contracts';

type ByType<Contract extends { readonly type: string }> = {
  readonly [Type in Contract['type']]: Extract<Contract, { readonly type: Type }>;
};

const byType = <Contract extends { readonly type: string }>(contracts: readonly Contract[]): ByType<Contract> =>
  Object.fromEntries(contracts.map((contract) => [contract.type, contract])) as ByType<Contract>;

/** Contracts by name: `Commands.SubmitRun`, `Queries.GetTask`. */
export const Commands = byType([...registryCommands, ...schedulerCommands, ...spawnerCommands, ...messagingCommands, ...retentionCommands]);
export const Queries = byType([
  ...registryQueries,
  ...schedulerQueries,
  ...explainQueries,
  ...spawnerQueries,
  ...messagingQueries,
  ...auditQueries,
  ...retentionQueries,
]);
