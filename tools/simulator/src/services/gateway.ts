import { type CommandContract, commandContract, type Durability, type QueryContract, queryContract } from '@torch/contracts';
import { type ConnectedTorchClient, createTorchClient, LogTails, NotDurable } from '@torch/host';
import { type AnyEvent, Rejection } from '@torch/kernel';
import { type LogServer, LogUnavailable } from '@torch/log';
import type { SimulatedProcess } from '../engine/simulated-process';
import type { History } from '../history';

const FOLLOW_AGAIN_MS = 100;

export interface Request {
  readonly type: string;
  readonly project: string;
  readonly actor: string;
  readonly idempotencyId: string;
  readonly durability?: Durability;
  readonly data: object;
}

type Listener = (event: AnyEvent) => void;

/** The edge of a gateway's process: what people and agents ask goes through its real client, and events go out to whoever listens. */
export class Gateway {
  private client: ConnectedTorchClient | undefined;
  private readonly listeners = new Set<Listener>();

  constructor(
    readonly process: SimulatedProcess,
    private readonly server: LogServer,
    private readonly parts: { readonly history: History; readonly partitions: number },
  ) {}

  get isServing(): boolean {
    return this.client !== undefined && this.process.isAlive;
  }

  async open(): Promise<void> {
    const { process, server } = this;
    while (!this.client) {
      try {
        this.client = await createTorchClient(server, { instance: process.name, clock: process, newId: process.newId });
      } catch (error) {
        if (!(error instanceof LogUnavailable)) throw error;
        await this.pause(FOLLOW_AGAIN_MS);
      }
    }
    const tails = new LogTails(server, undefined, process);
    for (let partition = 0; partition < this.parts.partitions; partition++) void this.follow(tails, partition);
  }

  /** @returns how to stop listening. */
  listen(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** @throws Rejection, and whatever else the client throws. */
  async command({ type, project, actor, idempotencyId, durability, data }: Request): Promise<string> {
    const { client } = this;
    if (!client) throw new LogUnavailable('The gateway has just started.', false);
    const key = `${project}/${idempotencyId}`;
    const told = { key, type, partition: client.partitionOf(project) };
    const { acknowledgements } = this.parts.history;
    try {
      const admission = { project, actor, idempotencyId, durability, correlationId: idempotencyId };
      const accepted = await client.command(commandContract(type) as CommandContract, admission, data as never);
      acknowledgements.push({ ...told, position: accepted.position, durability: accepted.durability });
      return accepted.position;
    } catch (error) {
      if (error instanceof Rejection) acknowledgements.push({ ...told, code: error.code });
      if (error instanceof NotDurable) acknowledgements.push({ ...told, position: error.position, durability: 'memory' });
      throw error;
    }
  }

  async query(type: string, project: string, data: object): Promise<object> {
    if (!this.client) throw new LogUnavailable('The gateway has just started.', false);
    return this.client.query(queryContract(type) as QueryContract, project, data as never);
  }

  get connected(): ConnectedTorchClient | undefined {
    return this.client;
  }

  private async follow(tails: LogTails, partition: number): Promise<void> {
    for (;;) {
      try {
        const { seq } = await this.server.log.head(partition);
        await new Promise<Error>((ended) =>
          tails.subscribe(partition, seq, {
            onCommit: ({ events }) => {
              for (const event of events) for (const listener of [...this.listeners]) listener(event);
            },
            onEnd: ended,
          }),
        );
      } catch (error) {
        if (!(error instanceof LogUnavailable)) throw error;
      }
      await this.pause(FOLLOW_AGAIN_MS);
    }
  }

  private pause(ms: number): Promise<void> {
    return new Promise((over) => this.process.after(ms, over));
  }
}
