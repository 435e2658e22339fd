import { commandContract, queryContract } from '@torch/contracts';
import { ClientProxy, type ReadPacket, type WritePacket } from '@nestjs/microservices';
import type { Admission, TorchClient } from '../client';

/** What `client.send(pattern, request)` takes: the pattern is a command's or a query's type. */
export interface TorchRequest {
  readonly admission: Admission;
  readonly data: unknown;
  readonly deadlineMs?: number;
}

/** Nest's way to the owners: `send('SubmitRun', { admission, data })`, `send('GetTask', { admission, data })`. */
export class TorchClientProxy extends ClientProxy {
  constructor(private readonly client: TorchClient) {
    super();
  }

  async connect(): Promise<void> {
    // The log server's connections are shared, and there before this proxy is.
  }

  close(): void {
    // They are closed by whoever opened them.
  }

  unwrap<T>(): T {
    return this.client as T;
  }

  protected publish(packet: ReadPacket<TorchRequest>, callback: (packet: WritePacket) => void): () => void {
    let cancelled = false;
    this.request(String(packet.pattern), packet.data).then(
      (response) => {
        if (!cancelled) callback({ response, isDisposed: true });
      },
      (error: unknown) => {
        if (!cancelled) callback({ err: error, isDisposed: true });
      },
    );
    return () => {
      cancelled = true;
    };
  }

  private request(type: string, { admission, data, deadlineMs }: TorchRequest): Promise<object> {
    const command = commandContract(type);
    if (command) return this.client.command(command, admission, data as object, deadlineMs);
    const query = queryContract(type);
    if (query) return this.client.query(query, admission.project, data as object, deadlineMs);
    return Promise.reject(new TypeError(`"${type}" is neither a command nor a query.`));
  }

  /** Events come from deciders only: nobody sends them. */
  protected dispatchEvent<T>(packet: ReadPacket): Promise<T> {
    return Promise.reject(
      new TypeError(`Event "${String(packet.pattern)}" cannot be sent: events are what deciders write. Send a command.`),
    );
  }
}
