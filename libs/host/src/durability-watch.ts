import { type LogServer, LogUnavailable, parsePosition, type Position } from '@torch/log';
import { ArchivedWatch, stillThere } from './archived-watch';
import type { Admission } from './client';
import { NotDurable, type Reached } from './durability';
import { type HostClock, SYSTEM_CLOCK } from './host.clock';

interface Acknowledged {
  readonly partition: number;
  /** Where the command took effect. */
  readonly position: string;
  readonly admission: Pick<Admission, 'durability' | 'orLess'>;
  readonly deadlineAtMs: number;
}

/** Holds acknowledgements back until what was acknowledged is as durable as was asked for. */
export class DurabilityWatch {
  private readonly archived = new Map<number, ArchivedWatch>();

  constructor(
    private readonly server: LogServer,
    private readonly replicasMin: number,
    private readonly clock: HostClock = SYSTEM_CLOCK,
  ) {
    server.onReconnect(() => {
      for (const watch of this.archived.values()) watch.refresh();
    });
  }

  /**
   * @returns what is confirmed: what was asked for, or `memory` where less is accepted; `lost` when the command is to be
   * sent again.
   * @throws NotDurable.
   */
  async reached({ partition, position, admission, deadlineAtMs }: Acknowledged): Promise<Reached> {
    const { durability = 'memory', orLess = false } = admission;
    if (durability === 'memory') return 'memory';
    try {
      if (durability === 'archived') return await this.archive(partition).reached(parsePosition(position), deadlineAtMs);
      return await this.replicated(partition, parsePosition(position), deadlineAtMs);
    } catch (error) {
      if (!(error instanceof NotDurable || error instanceof LogUnavailable)) throw error;
      if (orLess) return 'memory';
      throw error instanceof NotDurable ? error : new NotDurable(durability, position, error.message);
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.archived.values()].map((watch) => watch.close()));
  }

  private archive(partition: number): ArchivedWatch {
    let watch = this.archived.get(partition);
    if (!watch) this.archived.set(partition, (watch = new ArchivedWatch(this.server, partition, this.clock)));
    return watch;
  }

  /** A replica that has taken over in the meantime confirms what it has, which need not be all: so the log is asked, too. */
  private async replicated(partition: number, position: Position, deadlineAtMs: number): Promise<Reached> {
    const { replicasMin } = this;
    const confirmed = await this.server.replicas(replicasMin, Math.max(1, deadlineAtMs - this.clock.nowMs()));
    if (!(await stillThere(this.server, partition, position))) return 'lost';
    if (confirmed >= replicasMin) return 'replicated';
    throw new NotDurable(
      'replicated',
      `${position.seq}-${position.generation}`,
      `${confirmed} of at least ${replicasMin} replicas have confirmed it.`,
    );
  }
}
