import { hash, randomUUID } from 'node:crypto';
import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import {
  type AccessGrant,
  type AccessKind,
  type AccessRefusal,
  Commands,
  PROJECT_PATTERN,
  REFUSAL_DETAIL_CHARS_MAX,
  SYSTEM_PROJECT,
} from '@torch/contracts';
import { Rejection } from '@torch/kernel';
import { KnownProjects } from '../adapters/known-projects.adapter';
import { networkOf } from '../adapters/network-of';
import { Owners } from '../adapters/owners.adapter';
import { RecentlyUsed } from '../adapters/recently-used';
import { type CountedRefusal, RefusalTallies } from '../adapters/refusal-tallies';
import { isRead } from '../api/request-context';
import { GATEWAY_CONFIG, type GatewayConfig } from '../gateway.config';

/** Who asked for what, from where. `caller` is absent when no token proved anybody. */
interface Access {
  readonly project?: string;
  readonly caller?: string;
  readonly method: string;
  readonly address?: string;
}

export interface GrantedAccess extends Access {
  readonly project: string;
  readonly caller: string;
}

export interface RefusedAccess extends Access {
  /** The pattern of the address, not the address: there are few of them. */
  readonly route: string;
  readonly code: string;
  readonly detail: string;
}

/** An event to be, and the id that makes sending it again safe. */
type Recording = { readonly project: string; readonly idempotencyId: string } & (
  { readonly grant: AccessGrant } | { readonly refusal: AccessRefusal }
);

const GATEWAY = 'service:gateway';
const ROUTE_CHARS_MAX = 256;

/**
 * Records whom the gateway let in and whom it did not. Off the path of the request: `granted` and `refused` count and
 * return. What cannot be recorded at once waits, in bounded room, and is sent again under the same idempotency id.
 */
@Injectable()
export class AccessRecorder implements OnModuleDestroy {
  private readonly logger = new Logger(AccessRecorder.name);
  private readonly refusals: RefusalTallies;
  /** When the window of a grant ends that is recorded already, epoch ms. */
  private readonly grantedUntil: RecentlyUsed<number>;
  /** Projects that refused requests named in this window and that nobody here knew. */
  private readonly namedProjects = new Set<string>();
  private namedUntilMs = 0;
  private waiting: Recording[] = [];
  private onTheirWay = 0;
  private full = false;
  private timer: NodeJS.Timeout | undefined;
  private round: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    private readonly owners: Owners,
    private readonly projects: KnownProjects,
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
  ) {
    const { refusalKindsMax: kindsMax, accessGatherMs: gatherMs, refusalWindowMs: windowMs, grantsKnownMax } = config;
    this.refusals = new RefusalTallies({ kindsMax, gatherMs, windowMs }, SYSTEM_PROJECT);
    this.grantedUntil = new RecentlyUsed(grantsKnownMax);
  }

  granted({ project, caller, method, address }: GrantedAccess): void {
    const nowMs = Date.now();
    const access: AccessKind = isRead({ method }) ? 'read' : 'write';
    const key = `${project} ${access} ${caller}`;
    if ((this.grantedUntil.get(key) ?? 0) > nowMs || this.stopped) return;
    const { grantWindowMs, accessGatherMs } = this.config;
    const windowEndsAtMs = (Math.floor(nowMs / grantWindowMs) + 1) * grantWindowMs;
    const grant: AccessGrant = { caller, access, network: networkOf(address), firstAtMs: nowMs, windowEndsAtMs };
    // Named after its window, so that all gateways together record it once.
    const idempotencyId = `granted-${windowEndsAtMs}-${hash('sha256', key).slice(0, 32)}`;
    if (this.enqueue({ project, idempotencyId, grant })) this.grantedUntil.set(key, windowEndsAtMs); // Else a later request tries again.
    this.wake(accessGatherMs);
  }

  refused({ project, caller, method, route, code, detail, address }: RefusedAccess): void {
    if (this.stopped) return;
    const nowMs = Date.now();
    this.refusals.add(
      {
        project: this.projectOf(project, nowMs),
        caller,
        method,
        route: route.slice(0, ROUTE_CHARS_MAX),
        code,
        detail: detail.slice(0, REFUSAL_DETAIL_CHARS_MAX),
        network: networkOf(address),
      },
      nowMs,
    );
    this.wake(this.config.accessGatherMs);
  }

  async onModuleDestroy(): Promise<void> {
    clearTimeout(this.timer);
    this.stopped = true;
    await this.round;
    await this.send([...this.waiting.splice(0), ...this.refusals.take(Infinity).map(recordingOf)]);
    if (this.waiting.length > 0)
      this.logger.error(`The gateway ends with ${this.waiting.length} grants and refusals that are not recorded.`);
  }

  /** The registry is asked about unknown names, but not about any number of them that somebody makes up. */
  private projectOf(named: string | undefined, nowMs: number): string {
    if (named === undefined || !PROJECT_PATTERN.test(named)) return SYSTEM_PROJECT;
    if (this.projects.isKnown(named)) return named;
    if (nowMs >= this.namedUntilMs) {
      this.namedProjects.clear();
      this.namedUntilMs = nowMs + this.config.refusalWindowMs;
    }
    if (this.namedProjects.size >= this.config.refusalProjectsMax && !this.namedProjects.has(named)) return SYSTEM_PROJECT;
    this.namedProjects.add(named);
    return named;
  }

  private wake(inMs: number): void {
    if (!this.stopped) this.timer ??= setTimeout(() => (this.round = this.recordDue()), inMs);
  }

  /** One at a time: whatever comes up meanwhile goes with the next. */
  private async recordDue(): Promise<void> {
    const { accessGatherMs, refusalWindowMs, retryAfterS } = this.config;
    for (const counted of this.refusals.take(Date.now())) {
      if (!this.enqueue(recordingOf(counted))) this.refusals.addOverflow(counted, Date.now());
    }
    await this.send(this.waiting.splice(0));
    this.timer = undefined;
    if (this.waiting.length > 0) this.wake(Math.max(accessGatherMs, retryAfterS * 1000));
    else if (this.refusals.size > 0) this.wake(Math.min(Math.max(this.refusals.dueAtMs - Date.now(), accessGatherMs), refusalWindowMs));
  }

  /** False when there is no room. */
  private enqueue(recording: Recording): boolean {
    const { accessWaitingMax } = this.config;
    const fits = this.waiting.length + this.onTheirWay < accessWaitingMax;
    if (fits) this.waiting.push(recording);
    else if (!this.full) this.logger.warn(`${accessWaitingMax} grants and refusals wait to be recorded; refusals beyond are counted only.`);
    this.full = !fits;
    return fits;
  }

  private async send(recordings: readonly Recording[]): Promise<void> {
    this.onTheirWay += recordings.length;
    await Promise.all(recordings.map((recording) => this.record(recording))); // One tick, so they travel together.
  }

  private async record(recording: Recording): Promise<void> {
    const { idempotencyId } = recording;
    try {
      if ('grant' in recording) {
        const { project, grant } = recording;
        await this.owners.command(Commands.RecordGrant, { project, actor: grant.caller, idempotencyId }, grant);
      } else {
        const project = await this.existing(recording.project);
        const { refusal } = recording;
        await this.owners.command(Commands.RecordRefusal, { project, actor: refusal.caller ?? GATEWAY, idempotencyId }, refusal);
      }
    } catch (error) {
      if (error instanceof Rejection) this.logger.error(`Not recorded: ${JSON.stringify(recording)}: ${error.message}`);
      else this.waiting.push(recording);
    } finally {
      this.onTheirWay--;
    }
  }

  /** Events of a project that does not exist would be found by nobody. */
  private async existing(project: string): Promise<string> {
    if (project === SYSTEM_PROJECT || this.projects.isKnown(project)) return project;
    return !this.stopped && (await this.projects.exists(project)) ? project : SYSTEM_PROJECT; // At the end there is no time to ask.
  }
}

const recordingOf = ({ project, ...refusal }: CountedRefusal): Recording => ({
  project,
  idempotencyId: `refused-${randomUUID()}`,
  refusal,
});
