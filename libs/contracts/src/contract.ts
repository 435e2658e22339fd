import type { ContractClass } from './field';

export type ServiceName = 'gateway' | 'registry' | 'scheduler' | 'spawner' | 'audit';
export const SERVICE_NAMES: readonly ServiceName[] = ['gateway', 'registry', 'scheduler', 'spawner', 'audit'];

/** Stands for all services where the host writes an event, whatever the rules of the service are. */
export const HOST = 'host';

/** Project of events that concern a whole partition, or no project in particular. */
export const SYSTEM_PROJECT = 'torch';

/** A fact: who writes it and what its data looks like in its newest version. */
export interface EventContract<Type extends string = string, Data extends object = object> {
  readonly kind: 'event';
  readonly type: Type;
  readonly v: number;
  readonly service: ServiceName | typeof HOST;
  readonly data: ContractClass<Data>;
  /** `upcasters[n]` turns data of version n + 1 into version n + 2; a chain of them reaches `v`. */
  readonly upcasters: readonly ((data: never) => object)[];
}

/** Upcaster to a version that only adds: optional fields, or values of a list. What is older is whole as it is. */
export const asItWas = (data: object): object => data;

/** A request to decide, answered by the owner of the project's partition of `service`. */
export interface CommandContract<Type extends string = string, Data extends object = object> {
  readonly kind: 'command';
  readonly type: Type;
  readonly service: ServiceName;
  readonly data: ContractClass<Data>;
}

/** A question, answered by the owner from memory. It never touches the log. */
export interface QueryContract<Type extends string = string, Data extends object = object, Answer extends object = object> {
  readonly kind: 'query';
  readonly type: Type;
  readonly service: ServiceName;
  readonly data: ContractClass<Data>;
  readonly answer: ContractClass<Answer>;
}

export type DataOf<C extends { data: ContractClass }> = InstanceType<C['data']>;

/** Builders of one context's contracts: each line names a type and its class. */
export function contractsOf(service: ServiceName) {
  return {
    event: <Type extends string, Data extends object>(
      type: Type,
      data: ContractClass<Data>,
      { v = 1, upcasters = [] }: { v?: number; upcasters?: EventContract['upcasters'] } = {},
    ): EventContract<Type, Data> => ({ kind: 'event', type, v, service, data, upcasters }),
    command: <Type extends string, Data extends object>(type: Type, data: ContractClass<Data>): CommandContract<Type, Data> => ({
      kind: 'command',
      type,
      service,
      data,
    }),
    query: <Type extends string, Data extends object, Answer extends object>(
      type: Type,
      data: ContractClass<Data>,
      answer: ContractClass<Answer>,
    ): QueryContract<Type, Data, Answer> => ({ kind: 'query', type, service, data, answer }),
  };
}
