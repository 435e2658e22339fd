import { type AnyCommand, type AnyEvent, type Decider, InvariantViolation } from '@torch/kernel';
import { COMMANDS, EVENTS, QUERIES, type ServiceName } from '@torch/contracts';
import type { Consumed, Lease, LogServer } from '@torch/log';
import { type CustomTransportStrategy, type MessageHandler, Server } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import type { HostConfig } from '../host.config';
import type { HostLogger, HostTracing } from '../host.ports';
import type { LogTails } from '../log-tails';
import type { Decision, EffectContext, OwnCommand, OwnedPartition, Reading, ServiceDefinition, Turn } from '../service';
import { type HostReadiness, ServiceHost } from '../service-host';
import type { TrimmedLog } from '../trimmed-log';

/** Marks an `@EventPattern` handler as an effect: done after the commit, by the owner only, and never in replay. */
export const EFFECT = { effect: true } as const;

/** What acts by itself on owned partitions: a watch over heartbeats, a process runtime. */
export interface OwnershipHooks<State = unknown> {
  prepare?(lease: Lease, readOn: () => Promise<Consumed>): Promise<void>;
  onOwned?(partition: OwnedPartition<State>): Promise<void> | void;
  onReleased?(partition: number): Promise<void> | void;
}

export interface TorchStrategyOptions {
  readonly server: LogServer;
  readonly service: ServiceName;
  readonly decider: Decider<never>;
  readonly instance: string;
  readonly config?: Partial<HostConfig>;
  readonly hooks?: OwnershipHooks<never>;
  readonly tails?: LogTails;
  readonly log?: HostLogger;
  readonly tracing?: HostTracing;
  readonly onFatal?: (error: unknown) => void;
  readonly trimmed?: TrimmedLog;
}

/**
 * Nest's way into the owner's loop: `@MessagePattern` handlers decide commands and answer queries, `@EventPattern`
 * handlers turn another service's event into commands, and with `EFFECT` do what follows from an event.
 */
export class TorchStrategy extends Server implements CustomTransportStrategy {
  private host: ServiceHost<unknown> | undefined;

  constructor(private readonly options: TorchStrategyOptions) {
    super();
  }

  listen(callback: (error?: unknown) => void): void {
    this.start().then(() => callback(), callback);
  }

  private async start(): Promise<void> {
    const { hooks, decider, service, ...options } = this.options;
    const definition = this.define(service, decider as unknown as Decider<unknown>, hooks as OwnershipHooks | undefined);
    this.host = new ServiceHost({ ...options, definition });
    await this.host.start();
  }

  async close(): Promise<void> {
    await this.host?.stop();
    this.host = undefined;
  }

  async readiness(): Promise<HostReadiness> {
    return this.host ? this.host.readiness() : { ready: false, logReachable: false, partitions: [] };
  }

  on(): never {
    throw new Error('The Torch transport has no events of its own.');
  }

  unwrap<T>(): T {
    return this.host as T;
  }

  /** @throws InvariantViolation when a command or query of the service has no handler, or an event has one too many or no contract. */
  private define(service: ServiceName, decider: Decider<unknown>, hooks: OwnershipHooks | undefined): ServiceDefinition<unknown> {
    const messages = [...this.messageHandlers].filter(([, handler]) => !handler.isEventHandler);
    const handlers = new Map(messages);
    const commandTypes = COMMANDS.filter((contract) => contract.service === service).map(({ type }) => type);
    const queryTypes = QUERIES.filter((contract) => contract.service === service).map(({ type }) => type);
    assertHandled(service, [...commandTypes, ...queryTypes], [...handlers.keys()]);
    const commands = new Map(commandTypes.map((type) => [type, call<Decision>(handlers.get(type) as MessageHandler)]));
    return {
      service,
      decider,
      handleCommand: (command: AnyCommand, turn: Turn) => (commands.get(command.type) ?? unknownCommand(service, command))(command, turn),
      queries: new Map(queryTypes.map((type) => [type, call<unknown, Reading>(handlers.get(type) as MessageHandler)])),
      reactions: this.eventHandlers<readonly OwnCommand[], Turn>(false),
      effects: this.eventHandlers<void, EffectContext>(true),
      prepare: hooks?.prepare?.bind(hooks),
      onOwned: hooks?.onOwned?.bind(hooks),
      onReleased: hooks?.onReleased?.bind(hooks),
    };
  }

  private eventHandlers<Result, Context>(effects: boolean): Map<string, (event: AnyEvent, context: Context) => Promise<Result>> {
    const known = new Set(EVENTS.map(({ type }) => type));
    const found = new Map<string, (event: AnyEvent, context: Context) => Promise<Result>>();
    for (const [type, first] of this.messageHandlers) {
      if (!first.isEventHandler) continue;
      if (!known.has(type)) throw new InvariantViolation(`A handler waits for event "${type}", which no contract names.`);
      for (let handler: MessageHandler | undefined = first; handler; handler = handler.next as MessageHandler | undefined) {
        if (((handler.extras as { effect?: boolean } | undefined)?.effect === true) !== effects) continue;
        if (found.has(type)) throw new InvariantViolation(`Event "${type}" has two ${effects ? 'effect' : 'reaction'} handlers.`);
        found.set(type, call<Result, Context>(handler));
      }
    }
    return found;
  }
}

/** Nest's handlers answer with a promise of a value or of an observable; a failure is thrown, not swallowed. */
function call<Result, Context = Turn>(handler: MessageHandler): (data: unknown, context: Context) => Promise<Result> {
  return async (data, context) => {
    const result = (await handler(data, context)) as unknown;
    return (isObservable(result) ? await lastValueFrom(result, { defaultValue: undefined }) : result) as Result;
  };
}

function unknownCommand(service: ServiceName, command: AnyCommand): never {
  throw new InvariantViolation(`${service} has no handler for its own command ${command.type}.`);
}

function assertHandled(service: ServiceName, expected: readonly string[], found: readonly string[]): void {
  const missing = expected.filter((type) => !found.includes(type));
  if (missing.length > 0) throw new InvariantViolation(`${service} has no @MessagePattern handler for ${missing.join(', ')}.`);
  const strange = found.filter((type) => !expected.includes(type));
  if (strange.length > 0)
    throw new InvariantViolation(`${service} has @MessagePattern handlers for ${strange.join(', ')}, which no contract of it names.`);
}
