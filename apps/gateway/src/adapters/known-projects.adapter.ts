import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { PROJECT_PATTERN } from '@torch/contracts';
import { Rejection } from '@torch/kernel';
import type { LogServer } from '@torch/log';
import { LOG_SERVER, NotFound } from '@torch/platform';
import { Commands, Queries } from '../api/contract-names';
import { GATEWAY_CONFIG, type GatewayConfig } from '../gateway.config';
import { Owners } from './owners.adapter';
import { RecentlyUsed } from './recently-used';

const DEFAULT_PROJECT = 'default';
const RETRY_MS = 200;
const RETRY_MS_MAX = 2000;

/** Which projects there are. Only what exists is remembered; projects do not go away while the log holds. */
@Injectable()
export class KnownProjects implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(KnownProjects.name);
  private readonly known: RecentlyUsed<true>;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    private readonly owners: Owners,
    @Inject(GATEWAY_CONFIG) config: GatewayConfig,
    @Inject(LOG_SERVER) server: LogServer,
  ) {
    this.known = new RecentlyUsed(config.knownProjectsMax);
    server.onReconnect(() => this.known.clear()); // Another log may be there now.
  }

  /** @throws NotFound `unknown-project`. */
  async assertExists(project: string): Promise<void> {
    if (this.known.get(project)) return;
    const exists = PROJECT_PATTERN.test(project) && (await this.owners.query(Queries.GetProject, project, {})).exists;
    if (!exists)
      throw new NotFound('unknown-project', `There is no project "${project.slice(0, 64)}". Create it with: torch project create <name>`);
    this.known.set(project, true);
  }

  onApplicationBootstrap(): void {
    void this.createDefault(RETRY_MS);
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
      this.known.set(DEFAULT_PROJECT, true);
    } catch (error) {
      if (error instanceof Rejection && error.code === 'project-exists') {
        this.known.set(DEFAULT_PROJECT, true);
        return;
      }
      if (this.stopped) return;
      this.logger.debug(`The default project is not there yet: ${String(error)}`);
      this.timer = setTimeout(() => void this.createDefault(Math.min(retryMs * 2, RETRY_MS_MAX)), retryMs);
    }
  }
}
