import { setTimeout as after } from 'node:timers/promises';
import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import type { ArchivedState, LogServer, Position } from '@torch/log';
import { LOG_SERVER } from '@torch/platform';
import type { ArchivedListener } from './archived.port';

const RETRY_MS = 250;

/** Publishes on the log server how far each partition is archived: one request under way for each, and always the newest. */
@Injectable()
export class LogArchived implements ArchivedListener, OnModuleDestroy {
  private readonly logger = new Logger(LogArchived.name);
  private readonly newest = new Map<number, ArchivedState>();
  private readonly publishing = new Set<number>();
  private readonly stopped = new AbortController();

  constructor(@Inject(LOG_SERVER) private readonly server: Pick<LogServer, 'archived'>) {}

  archived(partition: number, position: Position, failing?: string): void {
    this.newest.set(partition, { position, ...(failing !== undefined && { failing }) });
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
        await this.server.archived.publish(partition, state);
      } catch (error) {
        this.logger.debug(`How far partition ${partition} is archived could not be published: ${(error as Error).message}`);
        if (!this.newest.has(partition)) this.newest.set(partition, state);
        await after(RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
    this.publishing.delete(partition);
  }
}
