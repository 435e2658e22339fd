import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Commands, type Durability, PROJECT_PATTERN, type ProjectView, Queries } from '@torch/contracts';
import { Rejection } from '@torch/kernel';
import type { LogServer } from '@torch/log';
import { LOG_SERVER, NotFound } from '@torch/platform';
import { GATEWAY_CONFIG, type GatewayConfig } from '../gateway.config';
import { Owners } from './owners.adapter';
import { RecentlyUsed } from './recently-used';

const DEFAULT_PROJECT = 'default';
const RETRY_MS = 200;
const RETRY_MS_MAX = 2000;

/** A project's settings are asked for again after this. */
const SETTINGS_MS = 5000;

interface KnownProject {
  readonly durability?: Durability;
  readonly askedAtMs: number;
}

/** Which projects there are, and how they are set. Only what exists is remembered; projects do not go away while the log holds. */
@Injectable()
export class KnownProjects implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(KnownProjects.name);
  private readonly known: RecentlyUsed<KnownProject>;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    private readonly owners: Owners,
    @Inject(GATEWAY_CONFIG) config: GatewayConfig,
    @Inject(LOG_SERVER) server: LogServer,
  ) {
    this.known = new RecentlyUsed(config.knownProjectsMax);
    server.onReconnect(() => this.lookAgain());
  }

  /** @throws NotFound `unknown-project`. */
  async settings(project: string): Promise<Pick<ProjectView, 'durability'>> {
    if (await this.exists(project)) return this.known.get(project) ?? {};
    throw new NotFound('unknown-project', `There is no project "${project.slice(0, 64)}". Create it with: torch project create <name>`);
  }

  async exists(project: string): Promise<boolean> {
    const known = this.known.get(project);
    if (known && performance.now() - known.askedAtMs < SETTINGS_MS) return true;
    if (!known) return this.ask(project);
    this.known.set(project, { ...known, askedAtMs: performance.now() });
    this.ask(project).catch(() => undefined); // What is known serves for another while.
    return true;
  }

  /** Without asking anybody: false also for a project that exists and was not used here yet. */
  isKnown(project: string): boolean {
    return this.known.get(project) !== undefined;
  }

  private async ask(project: string): Promise<boolean> {
    if (!PROJECT_PATTERN.test(project)) return false;
    const { exists, durability } = await this.owners.query(Queries.GetProject, project, {});
    if (exists) this.known.set(project, { durability, askedAtMs: performance.now() });
    return exists;
  }

  onApplicationBootstrap(): void {
    void this.createDefault(RETRY_MS);
  }

  /** Another log may be there now, or one that has lost its tail: the default project is made again where it is gone. */
  private lookAgain(): void {
    this.known.clear();
    clearTimeout(this.timer);
    if (!this.stopped) void this.createDefault(RETRY_MS);
  }

  onModuleDestroy(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  /** The default project is there from the start: asked for until the registry has answered. */
  private async createDefault(retryMs: number): Promise<void> {
    try {
      await this.owners.command(
        Commands.CreateProject,
        { project: DEFAULT_PROJECT, actor: 'service:gateway', idempotencyId: 'create-default-project' },
        {},
      );
    } catch (error) {
      if (this.stopped || (error instanceof Rejection && error.code === 'project-exists')) return;
      this.logger.debug(`The default project is not there yet: ${String(error)}`);
      this.timer = setTimeout(() => void this.createDefault(Math.min(retryMs * 2, RETRY_MS_MAX)), retryMs);
    }
  }
}
