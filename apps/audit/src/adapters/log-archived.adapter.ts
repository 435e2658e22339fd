import { setTimeout as after } from 'node:timers/promises';
import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { type ArchivedState, Fenced, type Lease, LogRegressed, type LogServer, type Position, START } from '@torch/log';
import { LOG_SERVER } from '@torch/platform';
import type { ArchivedListener } from './archived.port';

const RETRY_MS = 250;

interface Told extends ArchivedState {
  readonly lease: Lease;
}

/** Publishes on the log server how far each partition is archived: one request under way for each, and always the newest. */
@Injectable()
export class LogArchived implements ArchivedListener, OnModuleDestroy {
  private readonly logger = new Logger(LogArchived.name);
  private readonly newest = new Map<number, Told>();
  private readonly publishing = new Set<number>();
  private readonly stopped = new AbortController();

  constructor(@Inject(LOG_SERVER) private readonly server: Pick<LogServer, 'archived' | 'leases'>) {}

  archived(lease: Lease, position: Position, failing?: string): void {
    const { partition } = lease;
    this.newest.set(partition, { lease, position, ...(failing !== undefined && { failing }) });
    if (!this.publishing.has(partition)) void this.publish(partition);
  }

  onModuleDestroy(): void {
    this.stopped.abort();
  }

  private async publish(partition: number): Promise<void> {
    this.publishing.add(partition);
    const { signal } = this.stopped;
    for (let state = this.newest.get(partition); state && !signal.aborted; state = this.newest.get(partition)) {
      this.newest.delete(partition);
      try {
        await this.tell(state);
      } catch (error) {
        if (error instanceof Fenced) continue; // Another keeps that archive now, and tells of it.
        this.logger.debug(`How far partition ${partition} is archived could not be published: ${(error as Error).message}`);
        if (!this.newest.has(partition)) this.newest.set(partition, state);
        await after(RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
    this.publishing.delete(partition);
  }

  /** An owner may have taken a new epoch, to settle what came of an append. */
  private async tell({ lease, position, failing }: Told): Promise<void> {
    const { archived, leases } = this.server;
    const state = { position, ...(failing !== undefined && { failing }) };
    try {
      await archived.publish(lease, state);
    } catch (error) {
      if (error instanceof LogRegressed) {
        this.logger.warn(`The archive of partition ${lease.partition} is not told of on the log server: ${error.message}`);
        if (failing !== undefined) await archived.publish(lease, { position: START, failing });
        return;
      }
      const now = error instanceof Fenced ? await leases.holder(lease.partition, lease.service) : undefined;
      if (now?.holder !== lease.holder || now.epoch === lease.epoch) throw error;
      await this.tell({ lease: now, position, failing });
    }
  }
}
