import { invariant } from '@torch/kernel';
import {
  formatPosition,
  type InMemoryLogServer,
  type Lease,
  type LogServer,
  type MemoryStore,
  type Operation,
  type Position,
} from '@torch/log';
import type { FaultName } from './faults/fault-names';

export interface Append {
  readonly partition: number;
  readonly position: Position;
  readonly body: string;
  /** Absent for what the archive put back. */
  readonly lease?: Lease;
  /** Who held the lease by the world's own account when the commit was appended. */
  readonly owner?: Pick<Lease, 'holder' | 'epoch'>;
  /** The latest time that the log server's clock can have been taken for, epoch ms. */
  readonly serverMs?: number;
}

export interface Grant {
  readonly lease: Lease;
  /** Whose lease had not run out when this one was given. */
  readonly takenFrom?: string;
}

export interface Acknowledgement {
  /** `<project>/<idempotency id>`. */
  readonly key: string;
  readonly type: string;
  readonly partition: number;
  /** Absent: refused. */
  readonly position?: string;
  readonly durability?: string;
  readonly code?: string;
}

export interface Sample {
  readonly service: string;
  readonly partition: number;
  readonly project: string;
  readonly digest: string;
  readonly replayed: string;
  readonly ownSeq: number;
  readonly foreignSeq: number;
}

/**
 * What really happened in a world, as nobody in it can see: every commit that was ever in the log, every lease that was given,
 * every acknowledgement that somebody got. Kept by the world itself, beside the parts that are tested.
 */
export class History {
  readonly appends: Append[] = [];
  readonly grants: Grant[] = [];
  readonly acknowledgements: Acknowledgement[] = [];
  readonly samples: Sample[] = [];
  /** What has gone wrong, each by its name. */
  readonly faults = new Set<FaultName>();
  /** What a service met that only a bug or a corrupt log explains. */
  readonly bugs: string[] = [];
  /** Commits that the log server lost, at the moment: some come back from the archive. `<partition>/<position>`. */
  readonly lost = new Set<string>();
  private readonly leases = new Map<string, { holder: string; epoch: number; untilMs: number }>();
  private readonly effects = new Effects();
  private ledger: { readonly effect: Effect; readonly enter: (effect: Effect) => void }[] = [];

  /** Sees every effect on the log server at the moment at which it happens. */
  private serverNowMs = (): number => 0;
  private trueNowMs = (): number => 0;
  /** By how much the log server's clock was ahead at most, ms. */
  private aheadMs = 0;

  private latestServerMs(): number {
    this.aheadMs = Math.max(this.aheadMs, this.serverNowMs() - this.trueNowMs());
    return this.trueNowMs() + this.aheadMs;
  }

  attach({ faults }: InMemoryLogServer, nowMs: () => number, trueNowMs: () => number): void {
    this.effects.nowMs = nowMs;
    this.serverNowMs = nowMs;
    this.trueNowMs = trueNowMs;
    faults.intercept = (operation, phase, partition) => {
      if (phase === 'after' && WATCHED.has(operation)) this.effects.happened(`${operation}/${partition}`);
    };
  }

  /** Puts down what has happened since the last time, in the order in which it did. */
  bringUpToDate(): void {
    const entries = this.ledger.sort((a, b) => a.effect.order - b.effect.order);
    this.ledger = [];
    for (const { effect, enter } of entries) enter(effect);
  }

  /** The log server's calls, watched on its own side. */
  watch(server: LogServer): LogServer {
    const { log, leases, gate } = server;
    return Object.create(server, {
      log: { value: Object.create(log, { append: { value: this.watchAppend(log) } }) },
      leases: {
        value: Object.create(leases, {
          acquire: { value: this.watchAcquire(leases) },
          renew: { value: this.watchRenew(leases) },
          release: { value: this.watchRelease(leases) },
        }),
      },
      gate: { value: Object.create(gate, { open: { value: this.watchOpen(gate) }, mark: { value: this.watchMark(gate) } }) },
    }) as LogServer;
  }

  /** The log server has come back with what `store` holds now; `before` is what it had. */
  restarted(store: MemoryStore, before: ReadonlyMap<number, readonly Position[]>, services: readonly string[]): void {
    const held = new Map<string, { holder: string; epoch: number; untilMs: number }>();
    for (const [partition, positions] of before) {
      const { entries, leases } = store.partition(partition);
      const kept = new Set(entries.map(({ position }) => formatPosition(position)));
      for (const position of positions) if (!kept.has(formatPosition(position))) this.lost.add(`${partition}/${formatPosition(position)}`);
      for (const service of services) {
        const lease = leases.get(service);
        if (lease) held.set(`${partition}/${service}`, { ...lease });
      }
    }
    this.enter(this.effects.now(), () => {
      this.leases.clear();
      for (const [key, lease] of held) this.leases.set(key, lease);
    });
  }

  private watchAppend(log: LogServer['log']): LogServer['log']['append'] {
    return async (fence, bodies) => {
      const first = await log.append(fence, bodies);
      const { partition, service } = fence;
      this.enter(this.effects.take(`append/${partition}`), () => {
        const owner = this.leases.get(`${partition}/${service}`);
        const serverMs = this.latestServerMs();
        bodies.forEach((body, i) =>
          this.appends.push({
            partition,
            position: { ...first, seq: first.seq + i },
            body,
            lease: fence,
            owner: owner && { ...owner },
            serverMs,
          }),
        );
      });
      return first;
    };
  }

  private watchOpen(gate: LogServer['gate']): LogServer['gate']['open'] {
    return async (lease, incarnation, opening) => {
      await gate.open(lease, incarnation, opening);
      const { head, recovered } = opening;
      if (!recovered) return;
      const position = { seq: head.seq + 1, generation: recovered.generation };
      this.appends.push({ partition: lease.partition, position, body: recovered.body });
    };
  }

  private watchMark(gate: LogServer['gate']): LogServer['gate']['mark'] {
    return async (lease, marks) => {
      await gate.mark(lease, marks);
      this.enter(this.effects.take(`mark/${lease.partition}`), () => {
        for (const { service, epoch } of marks) {
          const key = `${lease.partition}/${service}`;
          if (service !== lease.service && (this.leases.get(key)?.epoch ?? epoch) < epoch) this.leases.delete(key);
        }
      });
    };
  }

  private watchAcquire(leases: LogServer['leases']): LogServer['leases']['acquire'] {
    return async (partition, service, holder, leaseMs) => {
      const lease = await leases.acquire(partition, service, holder, leaseMs);
      this.enter(this.effects.take(`acquire/${partition}`), ({ atMs }) => {
        if (!lease) return;
        const key = `${partition}/${service}`;
        const before = this.leases.get(key);
        const isTaken = before !== undefined && before.holder !== holder && before.untilMs > atMs;
        this.grants.push({ lease, ...(isTaken && { takenFrom: before.holder }) });
        this.leases.set(key, { holder, epoch: lease.epoch, untilMs: atMs + leaseMs });
      });
      return lease;
    };
  }

  private watchRenew(leases: LogServer['leases']): LogServer['leases']['renew'] {
    return async (lease, leaseMs) => {
      const isHeld = await leases.renew(lease, leaseMs);
      this.enter(this.effects.take(`renew/${lease.partition}`), ({ atMs }) => {
        const held = this.leases.get(`${lease.partition}/${lease.service}`);
        if (isHeld && held) held.untilMs = atMs + leaseMs;
      });
      return isHeld;
    };
  }

  private watchRelease(leases: LogServer['leases']): LogServer['leases']['release'] {
    return async (lease) => {
      await leases.release(lease);
      this.enter(this.effects.take(`release/${lease.partition}`), () => {
        const key = `${lease.partition}/${lease.service}`;
        const held = this.leases.get(key);
        if (held?.holder === lease.holder && held.epoch === lease.epoch) this.leases.delete(key);
      });
    };
  }

  private enter(effect: Effect, enter: (effect: Effect) => void): void {
    this.ledger.push({ effect, enter });
  }
}

const WATCHED = new Set<Operation>(['append', 'acquire', 'renew', 'release', 'mark']);

interface Effect {
  readonly order: number;
  /** By the log server's clock, epoch ms. */
  readonly atMs: number;
}

/** Effects by operation: who hears of one first is not who had it first. */
class Effects {
  nowMs: () => number = () => 0;
  private count = 0;
  private readonly waiting = new Map<string, Effect[]>();

  happened(operation: string): void {
    const effects = this.waiting.get(operation) ?? [];
    this.waiting.set(operation, effects);
    effects.push(this.now());
  }

  now(): Effect {
    return { order: this.count++, atMs: this.nowMs() };
  }

  take(operation: string): Effect {
    const effect = this.waiting.get(operation)?.shift();
    invariant(effect, `Nobody saw the effect of ${operation}.`);
    return effect;
  }
}
