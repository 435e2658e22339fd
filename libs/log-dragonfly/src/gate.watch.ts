import { type GateRole, GateShut, type GateState, needsOpenGate } from '@torch/log';
import type { Connection } from './connection';
import type { Keys } from './keys';

/** The gate's text while it is open. */
export const openText = (incarnation: string): string => `open:${incarnation}`;
export const refusedText = (incarnation: string, reason: string): string => `refused:${incarnation}:${reason}`;

/**
 * Lets requests for a partition pass while its gate is open. What was seen holds for one connection: a server that was
 * started anew, or another one that took over, is reached by another.
 */
export class GateWatch {
  private connection = -1;
  /** By partition: what the gate was when it was seen open over this connection. */
  private readonly seenOpen = new Map<number, string>();

  constructor(
    private readonly server: Connection,
    private readonly keys: Keys,
    private readonly role: GateRole,
  ) {}

  /**
   * What an append must find the gate to be; empty for what works without it. What is asked next, in the same round of the event
   * loop, goes over the connection for which this was found out.
   *
   * @throws GateShut, LogUnavailable.
   */
  async passage(partition: number, toDo: 'read' | 'append'): Promise<string> {
    if (!needsOpenGate(this.role, toDo)) return '';
    const seen = this.connection === this.server.connection ? this.seenOpen.get(partition) : undefined;
    if (seen !== undefined && this.server.isReady) return seen;
    const { state, incarnation, reason } = await this.look(partition);
    if (state !== 'open') throw new GateShut(partition, reason);
    const open = openText(incarnation);
    this.seenOpen.set(partition, open);
    return open;
  }

  /** @throws LogUnavailable. */
  async look(partition: number): Promise<GateState> {
    const { connection } = this.server;
    const [info, replication, gate] = await this.server.ask({ what: `gate of partition ${partition}` }, (redis) =>
      Promise.all([redis.info('server'), redis.info('replication'), redis.get(this.keys.gate(partition))]),
    );
    if (this.connection !== connection) this.seenOpen.clear();
    this.connection = connection;
    return stateOf(incarnationOf(info, replication), gate);
  }

  /** The gate was found shut by an append. */
  forget(partition: number): void {
    this.seenOpen.delete(partition);
  }
}

/** Redis and Valkey have an id for each run; Dragonfly a replication id, new at every start and every promotion. */
export function incarnationOf(server: string, replication: string): string {
  const [, id] = /^run_id:(\w+)/m.exec(server) ?? /^master_replid:(\w+)/m.exec(replication) ?? [];
  if (id === undefined) throw new RangeError('The log server names neither its run_id nor its master_replid.');
  return id;
}

function stateOf(incarnation: string, gate: string | null): GateState {
  if (gate === openText(incarnation)) return { incarnation, state: 'open' };
  const refused = refusedText(incarnation, '');
  return gate?.startsWith(refused) ? { incarnation, state: 'refused', reason: gate.slice(refused.length) } : { incarnation, state: 'shut' };
}
